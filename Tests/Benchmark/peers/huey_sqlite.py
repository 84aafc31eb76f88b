"""huey with its queue in SQLite: a task is a batch.

SqliteHuey is left as it comes: WAL, and `fsync` unset, which leaves SQLite's own synchronous=FULL,
so that its queue is as durable as fanoutd's.
"""

from __future__ import annotations

from huey import SqliteHuey

from peers import job
from peers.sender import send

huey = SqliteHuey(filename=job.queue())


@huey.on_startup()
def tell() -> None:
    """Runs in each worker when it is up."""
    print("ready", flush=True)


@huey.task()
def send_batch(batch: list[str]) -> None:
    """Sends to a batch."""
    send(batch)


enqueue = send_batch
