"""What Linux tells of a process beyond `Measured`: its memory's kinds, wake-ups, threads, files."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# The kernel's clock of all CPU time that a process has used; ticks of /proc are too coarse for the
# smallest of the jobs.
CPU_CLOCK = 2


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process has used, by all threads it ever had, to the nanosecond."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


@dataclass
class Memory:
    """A process' resident memory in bytes."""

    # What nobody else has: it would be free if the process ended.
    private: int
    # Private, and its part of what it shares.
    proportional: int
    resident: int


def memory(pid: int) -> Memory:
    """The memory of a process now."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    sizes = {name: int(size) * 1_024 for name, size in re.findall(r"(\w+):\s+(\d+) kB", text)}
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(private, sizes["Pss"], sizes["Rss"])


def private_by_mapping(pid: int) -> dict[str, int]:
    """The private bytes of each file mapped, of the heap, the stack and of nameless mappings."""
    found: defaultdict[str, int] = defaultdict(int)
    name = ""
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)", line):
            name = f"{head[2] or 'nameless'} {head[1]}"
        elif size := re.match(r"Private_(?:Clean|Dirty):\s+(\d+) kB", line):
            found[name] += int(size[1]) * 1_024
    return dict(found)


def switches(pid: int) -> dict[int, int]:
    """How often each thread of a process was switched away from: each wake-up ends in one."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "status").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            # The thread has ended since the folder was read.
            continue
        found[int(task.name)] = sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", text)))
    return found


def open_files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


class WakeUps:
    """Counts a process' wake-ups from its making on.

    Look now and then: of a thread that ends only what was seen of it counts.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.count = 0
        self.seen = switches(pid)

    def look(self) -> None:
        """Adds what has happened since the last look."""
        now = switches(self.pid)
        self.count += sum(count - self.seen.get(thread, 0) for thread, count in now.items())
        self.seen = now
