// A balancer as people put before several nodes: asks each whether it is ready, hands requests to those in turn, keeps
// connections open, and tries nothing a second time.

import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pause } from "./until.ts";

/** How often nodes are asked. */
const EVERY_MS = 100;

export class Balancer {
  /** What went wrong between the balancer and a node. */
  readonly broken: string[] = [];
  private ready = new Set<string>();
  private agent = new Agent({ keepAlive: true });
  private turn = 0;
  private over = false;

  private constructor(private nodes: string[], private server: Server, readonly url: string) {}

  static async before(nodes: string[]): Promise<Balancer> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const balancer = new Balancer(nodes, server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (from, to) => {
      const ready = [...balancer.ready];
      const node = ready[balancer.turn++ % Math.max(1, ready.length)];
      const broke = (why: unknown) => {
        balancer.broken.push(`${from.method} ${from.url} at ${node}: ${String(why)}`);
        if (to.headersSent) to.destroy();
        else to.writeHead(502).end();
      };
      if (!node) return broke("nobody is ready");
      const { method, headers } = from;
      const onward = request(`${node}${from.url}`, { method, headers, agent: balancer.agent }, (answer) => {
        // How long a connection lasts is between the balancer and each side.
        const { connection: _, ...kept } = answer.headers;
        to.writeHead(answer.statusCode!, kept);
        answer.on("error", broke).pipe(to);
      });
      from.pipe(onward.on("error", broke));
    });
    for (const node of nodes) void balancer.watch(node);
    return balancer;
  }

  private async watch(node: string): Promise<void> {
    while (!this.over) {
      const ready = await fetch(`${node}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(({ ok }) => ok, () => false);
      if (ready) this.ready.add(node);
      else this.ready.delete(node);
      await pause(EVERY_MS);
    }
  }

  /** Whether it hands requests to this node. */
  uses(node: string): boolean {
    return this.ready.has(node);
  }

  stop(): void {
    this.over = true;
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
  }
}
