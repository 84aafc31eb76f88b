"""Fills a peer's queue from the file: `python -m peers.producer MODULE ACCOUNTS`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from peers import job


def main() -> None:
    """Enqueues the whole file."""
    # By its name, under which the workers import it too: a task carries its module's name.
    enqueue = importlib.import_module(sys.argv[1]).enqueue
    for batch in job.batches(Path(sys.argv[2])):
        enqueue(batch)


if __name__ == "__main__":
    main()
