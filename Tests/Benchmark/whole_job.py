"""The whole job, by fanoutd and by its peers: from a file of accounts to the last one's record.

It begins with a file of accounts, one a line, and the clock with the process that reads it. It
ends when the last recipient's outcome is recorded in a SQLite file (WAL, synchronous=FULL), a row
each: account, code, MsgKey. In between every account was in a call of at most 500 to one stub, the
same for all and started anew for each. All servers and workers are up before the clock begins.

  fanoutd        `fanoutd submit` hands the file to a daemon that is up, with raised limits; the end
                 is the campaign's, seen by a status query every few milliseconds. It also drops
                 duplicates, finds any recipient by its account and survives a crash at any time
  huey+SQLite    a producer reads the file and enqueues batches, workers call and record
  dramatiq+Redis, Celery+Redis
                 the same; Redis as it comes, which is less durable than the rest
  bare loop      a script of one thread with `requests`, batch after batch
  careful loop   a script with eight threads that call over `http.client` and one that records

Everybody's CPU is that of all its processes from then to the end, clients and servers included
but not the stub. Memory is the highest sum of what they had (PSS), looked at twelve times a second.
Disk is what its files hold at the end, rows, queue, WAL and snapshots, by the accounts' own bytes.
Whoever doesn't record each account exactly once fails the benchmark.
The stub's share of the time is told, so that one sees if anybody waits for it.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from pathlib import Path

from contenders import CAREFUL_LOOP, Contender, Fanoutd, Kind, Peer
from figures import Figures, Row, at_least, at_most, unbounded
from measures import DRAIN_DEADLINE, make_accounts
from proc import PeakMemory
from processes import Failed, Measured, start_stub

# Seconds without a new record after which a contender has lost recipients.
STALLED = 60
PAUSE = 0.004


def measure_whole_job(
    options: argparse.Namespace,
    folder: Path,
    number: int,
    peers: tuple[list[Kind], Path | None],
    figures: Figures,
) -> None:
    """One run of all; who is first in one is last in the next."""
    accounts, lines, _ = make_accounts(options.accounts, folder)
    kinds: list[Kind | None] = [None, *peers[0]]
    first = (number - 1) % len(kinds)
    for kind in kinds[first:] + kinds[:first]:
        stub, port = start_stub(options.stub, options.executable)
        try:
            own = folder / (kind.module if kind else "fanoutd")
            contender: Contender
            if kind:
                contender = Peer(kind, peers[1] if kind.packages else None, own, port)
            else:
                contender = Fanoutd(options.executable, own, port, len(accounts))
            try:
                measure_contender(contender, accounts, lines, stub, figures)
            finally:
                contender.stop()
        finally:
            stub.stop(signal.SIGKILL)


def measure_contender(
    contender: Contender, accounts: list[str], lines: Path, stub: Measured, figures: Figures
) -> None:
    """One contender's job."""
    name, count = contender.name, len(accounts)
    contender.start()
    servers = sum(server.cpu() for server in contender.servers)
    stub_before = stub.cpu()
    began = time.monotonic()
    submitter = contender.begin(lines)
    memory = PeakMemory({process.child.pid for process in contender.processes()})
    memory.start()
    wait_for_all(contender, count)
    seconds = time.monotonic() - began
    stub_cpu = stub.cpu() - stub_before
    peak = memory.finish()
    # A script that has recorded its last row is about to end.
    while not submitter.has_ended():
        time.sleep(PAUSE)
    cpu = sum(process.cpu() for process in contender.processes()) - servers
    figures.add(f"{name} speed", count / seconds, "recipients/s")
    figures.add(f"{name} cpu", cpu / count * 1e6, "CPU s per million")
    figures.add(f"{name} memory", peak / 1e6, "MB")
    figures.add(f"{name} disk", contender.disk() / (16 * count), "x the accounts")
    figures.add(f"{name} stub", stub_cpu / seconds * 100, "% of the time, the stub's CPU")
    verify(contender, accounts)


def wait_for_all(contender: Contender, count: int) -> None:
    """Waits for the last record; fails as soon as it is plain that it won't come."""
    began = progressed = time.monotonic()
    before = -1
    while True:
        ended = contender.submitter.has_ended() if contender.submitter else True
        dead = [server for server in contender.servers if server.has_ended()]
        recorded = contender.recorded()
        if recorded >= count:
            return
        now = time.monotonic()
        if recorded != before:
            before, progressed = recorded, now
        failed = ended and contender.submitter and contender.submitter.child.returncode != 0
        alone = ended and not contender.servers
        stalled = now > progressed + STALLED or now > began + DRAIN_DEADLINE
        if failed or alone or dead or stalled:
            raise Failed(
                f"{contender.name} recorded {recorded} of {count}, see {contender.folder}"
            )
        time.sleep(PAUSE)


def verify(contender: Contender, accounts: list[str]) -> None:
    """Whether each account is recorded exactly once, and nobody else is."""
    rows = 0
    missing = set(accounts)
    for account in contender.accounts():
        rows += 1
        missing.discard(account)
    if rows != len(accounts) or missing:
        raise Failed(
            f"{contender.name} recorded {rows} recipients for {len(accounts)} accounts,"
            f" {len(missing)} of them not at all, see {contender.folder}"
        )


def show_contenders(figures: Figures, names: list[str]) -> None:
    """Prints everybody's medians, and what fanoutd is beside them."""
    head = f"\n{'whole job':16}{'recipients/s':>14}{'CPU s/million':>15}{'peak MB':>9}{'disk':>8}"
    print(head + f"{'stub busy':>11}{'fanoutd: speed':>17}{'CPU':>8}{'memory':>8}{'disk':>8}")
    for name in names:
        line = f"{name:16}{figures.median(f'{name} speed'):14,.0f}"
        line += f"{figures.median(f'{name} cpu'):15.2f}{figures.median(f'{name} memory'):9.1f}"
        line += f"{figures.median(f'{name} disk'):6.2f} x{figures.median(f'{name} stub'):9.0f} %"
        for column, width in [("speed", 15), ("cpu", 6), ("memory", 6), ("disk", 6)]:
            line += f"{figures.ratio(f'fanoutd {column}', f'{name} {column}'):{width}.2f} x"
        print(line)


def whole_job_table(figures: Figures, peers: list[str]) -> list[Row]:
    """What is wanted of fanoutd beside its peers."""

    def against(column: str, names: list[str], best: Callable[[tuple[float, ...]], float]) -> float:
        others = [f"{name} {column}" for name in names]
        return figures.ratio_to_best(f"fanoutd {column}", others, best)

    # Eight threads and a group commit are what fanoutd does itself: the drain alone is held against
    # that loop, the whole job against what teams have.
    usual = [name for name in peers if name != CAREFUL_LOOP]
    rows = []
    if usual:
        rows += [
            at_least("whole job against the best of them", against("speed", usual, max), 5, "x"),
            at_most("its CPU against the least of them", against("cpu", usual, min), 0.25, "x"),
            at_most("its disk against the least of them", against("disk", usual, min), 1, "x"),
        ]
    # A loop holds one batch and no queue, so it says nothing of what a queue takes.
    queues = [name for name in usual if "+" in name]
    if queues:
        memory = against("memory", queues, min)
        rows.append(at_most("its memory against the least queue's", memory, 1, "x"))
    careful = [CAREFUL_LOOP]
    return rows + [
        unbounded("whole job against the careful loop", against("speed", careful, max), "x"),
        unbounded("its CPU against the careful loop's", against("cpu", careful, min), "x"),
    ]
