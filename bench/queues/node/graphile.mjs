// graphile-worker. QUEUE_MODE=batch takes the settings its performance page recommends, which differ from `single` in the
// local queue and the batched completion; 24 jobs at a time and 25 connections are that page's, too. It deletes what is done.

import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { main } from "./interface.mjs";

const batched = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const logger = new Logger(() => () => {});
const preset = (url) => ({
  worker: {
    connectionString: url,
    concurrentJobs: 24,
    maxPoolSize: 25,
    logger,
    ...(process.env.QUEUE_MODE === "batch" ? batched : {}),
  },
});

const withUtils = async (url, use) => {
  const utils = await makeWorkerUtils({ preset: preset(url) });
  try {
    await use(utils);
  } finally {
    await utils.release();
  }
};

await main({
  setUp: (url) => withUtils(url, (utils) => utils.migrate()),
  fill: (url, count) =>
    withUtils(url, async (utils) => {
      for (let begin = 0; begin < count; begin += 1000) {
        const length = Math.min(1000, count - begin);
        await utils.addJobs(Array.from({ length }, (_, at) => ({ identifier: "noop", payload: { number: begin + at } })));
      }
    }),
  start: async (url, began) => {
    const runner = await run({ preset: preset(url), taskList: { noop: ({ number }) => began(number) } });
    return (number) => runner.addJob("noop", { number });
  },
});
