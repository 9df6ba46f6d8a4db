"""procrastinate with its psycopg 3 connector: 32 jobs at a time, woken by NOTIFY, done jobs kept (its default)."""

import asyncio
import logging
import sys

import interface
from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector(conninfo=interface.URL, min_size=4, max_size=16))
on_begin = None


@app.task(queue="noop", name="noop")
async def noop(number):
    on_begin(number)


async def set_up():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def fill(count):
    async with app.open_async():
        for begin in range(0, count, 1000):
            await noop.batch_defer_async(*({"number": number} for number in range(begin, min(count, begin + 1000))))


async def start(began):
    global on_begin
    on_begin = began
    await app.open_async()
    asyncio.create_task(app.run_worker_async(concurrency=32, install_signal_handlers=False))
    return lambda number: noop.defer_async(number=number)


if __name__ == "__main__":
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    interface.main(sys.modules[__name__])
