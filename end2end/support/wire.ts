// The wire between one node and its database. Cut, it carries nothing and says nothing: connections stay open and silent,
// as when a network falls apart. Mended, what was open is reset, as by a server that has given it up.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Wire {
  private ends = new Set<Socket>();
  private isCut = false;

  /** `url` is that of the database, through this wire. */
  private constructor(private server: Server, readonly url: string) {}

  static async to(database: string): Promise<Wire> {
    const target = new URL(database);
    const server = createServer({ allowHalfOpen: false });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const through = new URL(database);
    through.port = String((server.address() as AddressInfo).port);
    const wire = new Wire(server, through.href);
    server.on("connection", (near) => {
      const far = wire.isCut ? undefined : connect(Number(target.port || 5432), target.hostname);
      for (const end of [near, far]) {
        if (!end) continue;
        wire.ends.add(end);
        end.on("error", () => {});
        end.on("close", () => {
          wire.ends.delete(end);
          near.destroy();
          far?.destroy();
        });
      }
      if (!far) return near.pause();
      near.on("data", (part) => far.write(part));
      far.on("data", (part) => near.write(part));
    });
    return wire;
  }

  cut(): void {
    this.isCut = true;
    for (const end of this.ends) end.pause();
  }

  mend(): void {
    this.isCut = false;
    for (const end of this.ends) end.resetAndDestroy();
  }

  stop(): void {
    this.server.close();
    for (const end of this.ends) end.destroy();
  }
}
