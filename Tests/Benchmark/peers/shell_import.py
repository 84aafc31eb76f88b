"""The `sqlite3` shell, taking in the rows that fanoutd takes in as accounts."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


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
