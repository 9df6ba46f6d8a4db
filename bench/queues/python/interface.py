"""What every queue of this benchmark can do, and the command line around it; ../interface.rs says what each command is.

A queue is a module with the coroutines `set_up()`, `fill(count)` and `start(began)`, which gives back a coroutine
function that stores one job.
"""

import asyncio
import json
import math
import os
import sys
import time

URL = os.environ["QUEUE_URL"]
WARMUP, PATIENCE = 20, 20


def say(text):
    print(text, flush=True)


async def work(queue, count):
    ran = 0

    def began(_):
        nonlocal ran
        ran += 1
        if ran == 1:
            say("first")
        if ran == count:
            say("ran")

    await queue.start(began)
    await asyncio.Event().wait()


async def latency(queue, count, rate):
    await queue.set_up()
    stored, waits, sending = {}, [], set()

    def began(number):
        if (at := stored.pop(number, None)) is not None:
            waits.append(math.inf if number < WARMUP else round((time.perf_counter() - at) * 1e6))

    enqueue = await queue.start(began)
    begin, total = time.perf_counter(), count + WARMUP
    for number in range(total):
        await asyncio.sleep(max(0, begin + number / rate - time.perf_counter()))
        stored[number] = time.perf_counter()
        sending.add(asyncio.create_task(enqueue(number)))
    await asyncio.gather(*sending)
    give_up = time.perf_counter() + PATIENCE
    while len(waits) < total:
        if time.perf_counter() > give_up:
            sys.exit(f"some of the {total} jobs never began")
        await asyncio.sleep(0.02)
    say(json.dumps(sorted(waits)[:count]))
    # Workers have no end of their own.
    os._exit(0)


async def run(queue):
    what, *numbers = sys.argv[1:]
    numbers = [int(one) for one in numbers]
    match what:
        case "fill":
            await queue.set_up()
            await queue.fill(*numbers)
        case "work":
            await work(queue, *numbers)
        case "latency":
            await latency(queue, *numbers)


def main(queue):
    asyncio.run(run(queue))
