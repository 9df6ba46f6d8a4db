"""Celery with Redis as broker: two threads, a task is acknowledged when it is done, results are not kept.

One core runs it, so more processes or threads bring nothing: `prefork` with two and four, `solo`, and two to eight threads
all came to between 356 and 397 tasks a second with a Redis that syncs each acknowledgement.
"""

import asyncio
import sys

import interface
from celery import Celery
from celery.contrib.testing.worker import start_worker

# Tasks that are fetched ahead for each thread; one would be a journey to Redis for each task.
PREFETCH = 128

app = Celery("noop", broker=interface.URL)
app.conf.update(
    task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=PREFETCH, worker_disable_rate_limits=True,
    worker_hijack_root_logger=False, worker_redirect_stdouts=False, broker_pool_limit=64, task_publish_retry=False,
)
on_begin = None


@app.task(name="noop")
def noop(number):
    on_begin(number)


async def set_up():
    pass


async def fill(count):
    # One by one: Celery has no way to store many at once.
    with app.producer_or_acquire() as producer:
        for number in range(count):
            noop.apply_async((number,), producer=producer)


async def start(began):
    global on_begin, worker
    on_begin = began
    # In a thread of this process, so that no clock is compared with another's.
    worker = start_worker(app, pool="threads", concurrency=2, loglevel="error", perform_ping_check=False)
    await asyncio.to_thread(worker.__enter__)
    return lambda number: asyncio.to_thread(noop.delay, number)


if __name__ == "__main__":
    interface.main(sys.modules[__name__])
