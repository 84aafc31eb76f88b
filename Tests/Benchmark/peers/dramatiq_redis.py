"""dramatiq with Redis: a message is a batch.

Redis is left as it comes, with snapshots but no append-only file: a crash loses what was enqueued
since the last one, so this is less durable than fanoutd and huey.
"""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from peers import job
from peers.sender import send


class Ready(dramatiq.Middleware):
    """Says of each process when its threads are up."""

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Runs in each process."""
        print("ready", flush=True)


broker = RedisBroker(url=job.queue())
broker.add_middleware(Ready())
dramatiq.set_broker(broker)


@dramatiq.actor
def send_batch(batch: list[str]) -> None:
    """Sends to a batch."""
    send(batch)


enqueue = send_batch.send
