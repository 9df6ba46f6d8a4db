// pg-boss, woken by NOTIFY and going on at once while its batches are full. QUEUE_MODE=batch fetches and completes 500 jobs at
// a time, four times over; `pairs` two at a time, 24 times over: one at a time it never goes on at once, but waits for half a
// second after each. It keeps what is done for seven days, its default.

import { PgBoss } from "pg-boss";
import { main } from "./interface.mjs";

const together = process.env.QUEUE_MODE === "batch" ? { batchSize: 500, localConcurrency: 4 } : { batchSize: 2, localConcurrency: 24 };

const open = async (url) => {
  const boss = new PgBoss({ connectionString: url, max: 25, useListenNotify: true });
  boss.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  return boss.start();
};

await main({
  setUp: async (url) => {
    const boss = await open(url);
    await boss.createQueue("noop", { notify: true });
    await boss.stop({ graceful: false });
  },
  fill: async (url, count) => {
    const boss = await open(url);
    for (let begin = 0; begin < count; begin += 1000) {
      const length = Math.min(1000, count - begin);
      await boss.insert("noop", Array.from({ length }, (_, at) => ({ data: { number: begin + at } })));
    }
    await boss.stop({ graceful: false });
  },
  start: async (url, began) => {
    const boss = await open(url);
    const options = { ...together, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work("noop", options, async (jobs) => {
      for (const job of jobs) began(job.data.number);
    });
    return (number) => boss.send("noop", { number });
  },
});
