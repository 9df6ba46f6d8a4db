// What every queue of this benchmark can do, and the command line around it; ../interface.rs says what each command is.
// A queue has `setUp(url)`, `fill(url, count)` and `start(url, began)`, which gives back a function that stores one job.

const WARMUP = 20;
const PATIENCE = 20_000;

const pause = (ms) => new Promise((over) => setTimeout(over, ms));

const work = async (queue, url, count) => {
  let ran = 0;
  await queue.start(url, () => {
    ran += 1;
    if (ran === 1) console.log("first");
    if (ran === count) console.log("ran");
  });
};

const latency = async (queue, url, count, rate) => {
  await queue.setUp(url);
  const total = count + WARMUP;
  const stored = new Map();
  const waits = [];
  const enqueue = await queue.start(url, (number) => {
    if (!stored.has(number)) return;
    const took = Math.round((performance.now() - stored.get(number)) * 1000);
    stored.delete(number);
    waits.push(number < WARMUP ? Infinity : took);
  });
  const begin = performance.now();
  for (let number = 0; number < total; number++) {
    await pause(Math.max(0, begin + (number * 1000) / rate - performance.now()));
    stored.set(number, performance.now());
    enqueue(number).catch((error) => {
      console.log(`job ${number} could not be stored: ${error}`);
      process.exit(1);
    });
  }
  for (const giveUp = performance.now() + PATIENCE; waits.length < total; await pause(20)) {
    if (performance.now() > giveUp) throw new Error(`some of the ${total} jobs never began`);
  }
  console.log(JSON.stringify(waits.sort((a, b) => a - b).slice(0, count)));
};

export const main = async (queue) => {
  const [what, ...numbers] = process.argv.slice(2);
  const [count, rate] = numbers.map(Number);
  const url = process.env.QUEUE_URL;
  if (what === "work") return work(queue, url, count); // until it is killed
  if (what === "fill") {
    await queue.setUp(url);
    await queue.fill(url, count);
  } else {
    await latency(queue, url, count, rate);
  }
  process.exit(0);
};
