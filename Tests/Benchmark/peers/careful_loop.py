"""What a careful script of one page does: threads that call, and one that records.

It is durable as the daemon is (WAL, FULL) and commits what is there together, but it can't be
stopped, asked or continued. `python -m peers.careful_loop ACCOUNTS` prints the seconds that it took
from the first call on, and its CPU seconds in them.
"""

from __future__ import annotations

import http.client
import json
import queue
import sys
import threading
import time
from pathlib import Path

from peers import job

Batches = queue.SimpleQueue[list[str] | None]
Answers = queue.SimpleQueue[job.Answered]


def careful_loop(accounts: list[str], threads: int = 8) -> None:
    """Sends to all and returns when the last one is recorded."""
    waiting: Batches = queue.SimpleQueue()
    answered: Answers = queue.SimpleQueue()
    calls = 0
    for start in range(0, len(accounts), job.BATCH):
        waiting.put(accounts[start : start + job.BATCH])
        calls += 1
    for _ in range(threads):
        waiting.put(None)
        threading.Thread(target=call_batches, args=(waiting, answered), daemon=True).start()
    record_answers(answered, calls)


def call_batches(waiting: Batches, answered: Answers) -> None:
    """Calls batch after batch until there are none."""
    connection = http.client.HTTPConnection("127.0.0.1", job.stub_port())
    path = job.call_path()
    while batch := waiting.get():
        connection.request("POST", path, job.call_body(batch))
        answered.put((batch, json.loads(connection.getresponse().read())))


def record_answers(answered: Answers, calls: int) -> None:
    """What has been answered together is committed together."""
    database = job.open_results()
    while calls:
        group = [answered.get(timeout=60)]
        while not answered.empty():
            group.append(answered.get())
        calls -= len(group)
        job.record(database, group)
    database.close()


def main() -> None:
    """Reads the accounts, and sends to them."""
    accounts = Path(sys.argv[1]).read_text().split()
    began, cpu = time.monotonic(), time.process_time()
    careful_loop(accounts)
    print(time.monotonic() - began, time.process_time() - cpu)


if __name__ == "__main__":
    main()
