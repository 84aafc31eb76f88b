"""The script that a team writes first: one thread, batch after batch, with `requests`.

It can't be stopped, asked or continued. `python -m peers.bare_loop ACCOUNTS` ends when the last
row is recorded.
"""

from __future__ import annotations

import sys
from pathlib import Path

from peers import job
from peers.sender import send

if __name__ == "__main__":
    for batch in job.batches(Path(sys.argv[1])):
        send(batch)
