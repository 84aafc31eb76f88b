"""Celery with Redis: a task is a batch.

Celery is left as it comes (prefork, a task acknowledged before it runs, four prefetched a process)
but that no result is kept. Redis has snapshots and no append-only file, and what a killed worker
had in hand is lost: this is less durable than fanoutd and huey.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_ready

from peers import job
from peers.sender import send

app = Celery("peers", broker=job.queue())
app.conf.task_ignore_result = True


@worker_ready.connect
def tell(**_: Any) -> None:
    """Runs in the worker's first process when its pool is up."""
    print("ready", flush=True)


@app.task
def send_batch(batch: list[str]) -> None:
    """Sends to a batch."""
    send(batch)


enqueue = send_batch.delay
