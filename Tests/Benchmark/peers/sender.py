"""A batch's call with `requests`, which most Python teams call with, and its record."""

from __future__ import annotations

import threading

import requests

from peers import job


class Sender:
    """A kept connection to the stub, and one to the file of the rows."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.url = f"http://127.0.0.1:{job.stub_port()}{job.call_path()}"
        self.database = job.open_results()

    def send(self, batch: list[str]) -> None:
        """Calls, and records what was answered."""
        headers = {"Content-Type": "application/json"}
        answer = self.session.post(self.url, job.call_body(batch), headers=headers, timeout=60)
        answer.raise_for_status()
        job.record(self.database, [(batch, answer.json())])


own = threading.local()


def send(batch: list[str]) -> None:
    """Sends to a batch; a worker's thread makes its sender with its first one."""
    if not hasattr(own, "sender"):
        own.sender = Sender()
    own.sender.send(batch)
