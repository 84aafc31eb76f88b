"""What every peer does: batches from the file, a call for each, and a row for each recipient.

The rows go into one SQLite file with the durability that fanoutd has (WAL, synchronous=FULL). The
table has neither key nor index: a peer knows no duplicates and finds nobody, which is in its favor.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import sqlite3
import time
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from processes import APP, KEY, MESSAGE, Failed

BATCH = 500
# Seconds: many workers write into one file, and none may lose its rows since another was slow.
BUSY = 60

Answered = tuple[list[str], dict[str, object]]


def environment(stub_port: int, results: Path, queue: str = "") -> dict[str, str]:
    """What a peer's processes are told: the stub, the file for its rows, and its queue."""
    return {
        "BENCHMARK_STUB": str(stub_port),
        "BENCHMARK_RESULTS": str(results),
        "BENCHMARK_QUEUE": queue,
    }


def stub_port() -> int:
    """The stub's port on loopback."""
    return int(os.environ["BENCHMARK_STUB"])


def queue() -> str:
    """Where the peer's queue is: a file or a URL."""
    return os.environ["BENCHMARK_QUEUE"]


def batches(file: Path) -> Iterator[list[str]]:
    """The file's accounts, as many at a time as a call takes."""
    with open(file, encoding="ascii") as lines:
        accounts = (line.rstrip("\n") for line in lines)
        while batch := list(itertools.islice(accounts, BATCH)):
            yield batch


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


def call_body(batch: list[str]) -> bytes:
    """A call's JSON; its MsgRandom and MsgSeq are its own."""
    number = random.getrandbits(32)
    body = {"To_Account": batch, "MsgRandom": number, "MsgSeq": number} | MESSAGE
    return json.dumps(body, ensure_ascii=False).encode()


def create_results(file: Path) -> None:
    """Makes the file for the rows."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE recipient (account TEXT, code INTEGER, key TEXT)")
    database.close()


def open_results(file: Path | None = None) -> sqlite3.Connection:
    """A connection that writes durably."""
    path = file or os.environ["BENCHMARK_RESULTS"]
    database = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    return database


def record(database: sqlite3.Connection, answered: Iterable[Answered]) -> None:
    """Writes a row for each recipient of these batches, in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    for batch, answer in answered:
        if answer["ErrorCode"] != 0:
            raise Failed(f"the stub refused a peer's call: {answer}")
        key = answer["MsgKey"]
        rows = ((account, 0, key) for account in batch)
        database.executemany("INSERT INTO recipient VALUES (?, ?, ?)", rows)
    database.execute("COMMIT")
