"""What others would use instead, doing the same job against the same stub."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import queue
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib
from pathlib import Path

from processes import APP, KEY, MESSAGE, Failed


def import_by_shell(rows: Path, folder: Path) -> float:
    """The seconds that `sqlite3 .import` takes for the rows, durable, into the same table."""
    folder.mkdir(parents=True)
    script = f"""\
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE recipient (
    campaign INTEGER NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (campaign, account)
) STRICT, WITHOUT ROWID;
.mode csv
.import {rows} recipient
"""
    began = time.monotonic()
    subprocess.run(
        ["sqlite3", str(folder / "import.sqlite")],
        input=script.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - began


def user_sig() -> str:
    """A UserSig of the administrator, good for a day."""
    now = int(time.time())
    content = f"TLS.identifier:administrator\nTLS.sdkappid:{APP}\nTLS.time:{now}\n"
    content += "TLS.expire:86400\n"
    digest = hmac.new(KEY.encode(), content.encode(), hashlib.sha256).digest()
    ticket = {
        "TLS.ver": "2.0",
        "TLS.identifier": "administrator",
        "TLS.sdkappid": APP,
        "TLS.expire": 86400,
        "TLS.time": now,
        "TLS.sig": base64.b64encode(digest).decode(),
    }
    packed = base64.b64encode(zlib.compress(json.dumps(ticket).encode())).decode()
    return packed.translate(str.maketrans("+/=", "*-_"))


def call_path() -> str:
    """Path and query of a call."""
    query = urllib.parse.urlencode(
        {
            "sdkappid": APP,
            "identifier": "administrator",
            "usersig": user_sig(),
            "random": 1,
            "contenttype": "json",
        }
    )
    return "/v4/openim/batchsendmsg?" + query


def bare_loop(accounts: list[str], port: int, folder: Path, threads: int = 8) -> float:
    """Threads that call and one that records each recipient; returns the seconds for all.

    It is durable as the daemon is (WAL, FULL) and commits what is there together, but it can't be
    stopped, asked or continued: what a careful script of one page does.
    """
    folder.mkdir(parents=True)
    batches: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    answered: queue.SimpleQueue[tuple[list[str], dict[str, object]]] = queue.SimpleQueue()
    calls = 0
    for start in range(0, len(accounts), 500):
        batches.put(accounts[start : start + 500])
        calls += 1
    for _ in range(threads):
        batches.put(None)
    workers = [
        threading.Thread(target=call_batches, args=(batches, answered, port), daemon=True)
        for _ in range(threads)
    ]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    record(answered, calls, folder / "loop.sqlite")
    return time.monotonic() - began


def call_batches(
    batches: queue.SimpleQueue[list[str] | None],
    answered: queue.SimpleQueue[tuple[list[str], dict[str, object]]],
    port: int,
) -> None:
    """Calls batch after batch until there are none."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    path = call_path()
    sequence = 0
    while batch := batches.get():
        sequence += 1
        body = {"To_Account": batch, "MsgRandom": sequence, "MsgSeq": sequence} | MESSAGE
        connection.request("POST", path, json.dumps(body, ensure_ascii=False).encode())
        answered.put((batch, json.loads(connection.getresponse().read())))


def record(
    answered: queue.SimpleQueue[tuple[list[str], dict[str, object]]],
    calls: int,
    file: Path,
) -> None:
    """Writes a row for each recipient; what has been answered together is committed together."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE recipient (account TEXT, code INTEGER, key TEXT)")
    while calls:
        group = [answered.get(timeout=60)]
        while not answered.empty():
            group.append(answered.get())
        calls -= len(group)
        database.execute("BEGIN")
        for batch, answer in group:
            if answer["ErrorCode"] != 0:
                raise Failed(f"the stub refused a call of the bare loop: {answer}")
            key = answer["MsgKey"]
            rows = ((account, 0, key) for account in batch)
            database.executemany("INSERT INTO recipient VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")
    database.close()


if __name__ == "__main__":
    # Run in a process of its own, so that its memory and its time are none of the benchmark's.
    names = Path(sys.argv[1]).read_text().split()
    print(bare_loop(names, int(sys.argv[2]), Path(sys.argv[3])))
