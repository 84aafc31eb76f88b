"""One whole job of some size: intake, a kill, a start, a drain, and questions afterwards."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from measures import RAISED, StatusQueries
from proc import cpu_seconds
from processes import Client, Daemon, Failed, start_stub

QUERIES = 1_000
MASK = (1 << 64) - 1


class Accounts(Sequence[str]):
    """Accounts of 16 bytes in random order, none kept: each is worked out from its number.

    Lists of ten million take more memory than everything that is measured.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, number: int) -> str: ...

    @overload
    def __getitem__(self, number: slice) -> list[str]: ...

    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(self.count))]
        if not 0 <= number < self.count:
            raise IndexError(number)
        # SplitMix64's last steps: each can be undone, so that no two numbers get the same account.
        bits = (number + 1) * 0x9E3779B97F4A7C15 & MASK
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & MASK
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & MASK
        return f"{bits ^ bits >> 31:016x}"

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(self.count))

    def write(self, file: Path) -> None:
        """Writes them as lines."""
        with open(file, "w", encoding="ascii") as lines:
            lines.writelines(f"{account}\n" for account in self)


@dataclass
class Job:
    """What a whole job took: seconds, and bytes."""

    intake: float
    drain: float
    cpu: float
    peak: int
    ready: float
    queries: list[float]
    file: int


def run_job(executable: str, accounts: Accounts, lines: Path, folder: Path) -> Job:
    """Does a job with a daemon and a stub of its own."""
    stub, port = start_stub("python", executable)
    daemon = Daemon(executable, folder, port, RAISED)
    try:
        daemon.start()
        campaign, intake, intake_cpu = take_in(daemon, len(accounts), lines)
        assert daemon.process
        peak = daemon.process.peak()
        client = daemon.client()
        client.call("POST", "/v1/pause")
        client.call("POST", campaign + "/start")
        daemon.stop(signal.SIGKILL)
        ready = daemon.start()
        drain, drain_cpu = drain_all(daemon, campaign, accounts)
        queries = ask(daemon.client(), campaign, accounts)
        peak = max(peak, daemon.process.peak())
        daemon.stop()
        cpu = intake_cpu + drain_cpu
        return Job(intake, drain, cpu, peak, ready, queries, daemon.file_size())
    finally:
        daemon.stop(signal.SIGKILL)
        stub.stop(signal.SIGKILL)


def take_in(daemon: Daemon, count: int, lines: Path) -> tuple[str, float, float]:
    """Streams the accounts into a draft; returns its path, the time and the daemon's CPU time."""
    assert daemon.process
    pid = daemon.process.child.pid
    client = daemon.client()
    campaign = client.draft()
    cpu, began = cpu_seconds(pid), time.monotonic()
    accepted = client.stream(campaign, lines)
    took = time.monotonic() - began
    if accepted != count:
        raise Failed(f"{accepted} of {count} accounts were accepted")
    return campaign, took, cpu_seconds(pid) - cpu


def drain_all(daemon: Daemon, campaign: str, accounts: Accounts) -> tuple[float, float]:
    """Sends to everybody, asked for statuses meanwhile; returns the time and the CPU time."""
    assert daemon.process
    pid = daemon.process.child.pid
    queries = StatusQueries(daemon.client(), campaign, accounts)
    client = daemon.client()
    cpu, began = cpu_seconds(pid), time.monotonic()
    client.call("POST", "/v1/resume")
    queries.start()
    counts = queries.finish()["counts"]
    if not isinstance(counts, dict) or counts["sent"] != len(accounts):
        raise Failed(f"not everybody was sent to: {counts}")
    return queries.ended - began, cpu_seconds(pid) - cpu


def ask(client: Client, campaign: str, accounts: Accounts) -> list[float]:
    """Asks what became of one recipient after the other, drawn at random; returns the times."""
    generator = random.Random(len(accounts))
    times = []
    for _ in range(QUERIES):
        path = f"{campaign}/recipients/{generator.choice(accounts)}"
        began = time.monotonic()
        answer = client.call("GET", path)
        times.append(time.monotonic() - began)
        if answer["status"] != "sent":
            raise Failed(f"{path} is {answer['status']}")
    return times
