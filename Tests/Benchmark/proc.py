"""What Linux tells of processes: their time, their memory's kinds, wake-ups, threads and files."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# The kernel's clock of all CPU time that a process has used; ticks of /proc are too coarse for the
# smallest of the jobs.
CPU_CLOCK = 2
TICKS = os.sysconf("SC_CLK_TCK")


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


def members(sessions: set[int]) -> dict[int, list[str]]:
    """The processes of these sessions, with the fields of /proc/PID/stat from its state on."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            # A process may end between the listing and the look at it.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                    fields = stat.read().rpartition(")")[2].split()
                if int(fields[3]) in sessions:
                    found[int(entry)] = fields
    return found


def proportional_memory(sessions: set[int]) -> int:
    """The bytes that these sessions have in memory; what processes share counts once (PSS)."""
    total = 0
    for process in members(sessions):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += memory(process).proportional
    return total


class PeakMemory(threading.Thread):
    """Looks at the memory of some sessions: often enough for a peak, seldom enough to be cheap."""

    PAUSE = 0.08

    def __init__(self, sessions: set[int]) -> None:
        super().__init__(daemon=True)
        self.sessions = sessions
        self.over = threading.Event()
        self.bytes = 0

    def run(self) -> None:
        while not self.over.wait(self.PAUSE):
            self.bytes = max(self.bytes, proportional_memory(self.sessions))

    def finish(self) -> int:
        """The peak, with a last look."""
        self.over.set()
        self.join()
        return max(self.bytes, proportional_memory(self.sessions))


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
