"""One run of what the benchmark measures: intake, restart, drain, rules, and the real limits."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from figures import Figures
from peers import job
from peers.shell_import import import_by_shell
from processes import Client, Daemon, Failed, start_stub

RAISED = """\
  messagesPerMinute: 10000000
  callsPerSecond: 10000
  burst: 10000000
  maxInFlight: 64"""
# Far more than a drain of ten million takes.
DRAIN_DEADLINE = 900
USUAL = "  messagesPerMinute: 12000"


class StatusQueries(threading.Thread):
    """Asks for the campaign and for one recipient by turns until the campaign is completed."""

    # Seconds between an answer and the next query.
    PAUSE = 0.002

    def __init__(self, client: Client, campaign: str, accounts: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.campaign = campaign
        self.accounts = accounts
        self.times: list[float] = []
        self.state: dict[str, object] = {}
        self.failure: Exception | None = None
        self.ended = 0.0

    def run(self) -> None:
        try:
            self.ask_to_the_end()
        except Exception as failure:  # It is raised where the thread is joined.
            self.failure = failure

    def ask_to_the_end(self) -> None:
        """The loop itself."""
        start = time.monotonic()
        while self.state.get("state") != "completed":
            self.ask()
            if self.ended > DRAIN_DEADLINE + start:
                raise Failed(f"the drain doesn't end: {self.state.get('counts')}")

    def ask(self) -> None:
        """One query, and the pause after it."""
        one = len(self.times) % 2 == 1
        path = self.campaign
        if one:
            path += "/recipients/" + random.choice(self.accounts)
        began = time.monotonic()
        answer = self.client.call("GET", path)
        self.ended = time.monotonic()
        self.times.append(self.ended - began)
        if not one:
            self.state = answer
        time.sleep(self.PAUSE)

    def finish(self) -> dict[str, object]:
        """Waits for the end; returns the finished campaign."""
        self.join()
        if self.failure:
            raise self.failure
        return self.state


def make_accounts(count: int, folder: Path) -> tuple[list[str], Path, Path]:
    """Random accounts of 16 bytes, as lines and as rows for the shell; the seed is fixed."""
    generator = random.Random(20_221_111)
    names = [f"{generator.getrandbits(64):016x}" for _ in range(count)]
    if len(set(names)) != count:
        raise Failed("the accounts aren't all different: take another seed")
    lines, rows = folder / "accounts.txt", folder / "rows.csv"
    lines.write_text("".join(f"{name}\n" for name in names))
    rows.write_text("".join(f"1,{name}\n" for name in names))
    return names, lines, rows


def measure_intake(daemon: Daemon, lines: Path, count: int, figures: Figures) -> str:
    """Streams the accounts into a new draft; returns its path."""
    daemon.start()
    client = daemon.client()
    campaign = client.draft()
    began = time.monotonic()
    accepted = client.stream(campaign, lines)
    figures.add("intake", count / (time.monotonic() - began), "accounts/s")
    if accepted != count:
        raise Failed(f"{accepted} of {count} accounts were accepted")
    return campaign


def measure_ready(daemon: Daemon, campaign: str, figures: Figures) -> None:
    """Kills the daemon with everything queued and starts it again."""
    client = daemon.client()
    client.call("POST", "/v1/pause")
    client.call("POST", campaign + "/start")
    assert daemon.process
    figures.add("memory", daemon.process.peak() / 1e6, "MB (intake)")
    daemon.stop(signal.SIGKILL)
    figures.add("ready", daemon.start(), "s")


def measure_idle_queries(
    daemon: Daemon, campaign: str, accounts: list[str], figures: Figures
) -> None:
    """Asks for statuses while the queue is full and paused, about as often as in its drain."""
    queries = StatusQueries(daemon.client(), campaign, accounts)
    for _ in range(max(200, len(accounts) // 2_000)):
        queries.ask()
    figures.idle_queries += [seconds * 1e3 for seconds in queries.times]


def measure_drain(daemon: Daemon, campaign: str, accounts: list[str], figures: Figures) -> None:
    """Lets the queue drain and asks for statuses meanwhile."""
    assert daemon.process
    client = daemon.client()
    queries = StatusQueries(daemon.client(), campaign, accounts)
    cpu = daemon.process.cpu()
    began = time.monotonic()
    client.call("POST", "/v1/resume")
    queries.start()
    finished = queries.finish()
    cpu = daemon.process.cpu() - cpu
    counts = finished["counts"]
    if not isinstance(counts, dict) or counts["sent"] != len(accounts):
        raise Failed(f"not everybody was sent to: {counts}")
    count = len(accounts)
    figures.add("drain", count / (queries.ended - began), "recipients/s")
    figures.add("drain cpu", cpu / count * 1e6, "CPU s per million")
    figures.queries += [seconds * 1e3 for seconds in queries.times]
    print(f"  status queries: {len(queries.times)}", flush=True)
    figures.add("export", client.export(campaign) / 1e6, "MB")
    figures.add("memory", daemon.process.peak() / 1e6, "MB (drain and export)")


def measure_run(options: argparse.Namespace, folder: Path, figures: Figures) -> None:
    """One run of everything but the quota."""
    accounts, lines, rows = make_accounts(options.accounts, folder)
    stub, port = start_stub(options.stub, options.executable)
    daemon = Daemon(options.executable, folder / "fanoutd", port, RAISED)
    try:
        campaign = measure_intake(daemon, lines, len(accounts), figures)
        seconds = import_by_shell(rows, folder / "import")
        figures.add("import", len(accounts) / seconds, "rows/s")
        measure_ready(daemon, campaign, figures)
        measure_idle_queries(daemon, campaign, accounts, figures)
        measure_drain(daemon, campaign, accounts, figures)
        run_careful_loop(lines, port, len(accounts), folder / "loop", figures)
        figures.add("stub", stub.cpu(), "CPU s, of the stub for both")
        daemon.stop()
        figures.add("file", daemon.file_size() / (16 * len(accounts)), "x the accounts")
    finally:
        daemon.stop(signal.SIGKILL)
        stub.stop(signal.SIGKILL)


def measure_plain_and_ruled(
    options: argparse.Namespace, folder: Path, number: int, figures: Figures
) -> None:
    """A drain without suppressions and webhooks and one with them, the first one by turns."""
    accounts, lines, _ = make_accounts(options.accounts, folder)
    listed = folder / "listed.txt"
    generator = random.Random(number)
    listed.write_text(
        "".join(f"out-{generator.getrandbits(48):012x}\n" for _ in range(options.rules))
    )
    for name in ["plain", "ruled"][:: 1 if number % 2 else -1]:
        measure_ruled(options, folder, name, accounts, lines, listed, figures)


def measure_ruled(
    options: argparse.Namespace,
    folder: Path,
    name: str,
    accounts: list[str],
    lines: Path,
    listed: Path,
    figures: Figures,
) -> None:
    """One drain, with the list and the webhook or without."""
    own = Figures()
    stub, port = start_stub(options.stub, options.executable)
    secret = folder / "hook-secret"
    secret.write_text("0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    # Nobody listens on the discard port.
    hook = f"webhooks:\n  - url: http://127.0.0.1:9/\n    secretFile: {secret}\n"
    more = hook if name == "ruled" else ""
    daemon = Daemon(options.executable, folder / name, port, RAISED, more)
    try:
        daemon.start()
        client = daemon.client()
        if name == "ruled":
            client.send("/v1/suppressions", listed)
        campaign = client.draft()
        client.stream(campaign, lines)
        client.call("POST", "/v1/pause")
        client.call("POST", campaign + "/start")
        measure_drain(daemon, campaign, accounts, own)
        daemon.stop()
    finally:
        daemon.stop(signal.SIGKILL)
        stub.stop(signal.SIGKILL)
    for figure in ("drain", "drain cpu"):
        figures.add(f"{name} {figure}", own.median(figure))


def run_careful_loop(
    lines: Path, port: int, count: int, folder: Path, figures: Figures
) -> None:
    """Runs the loop in a process of its own, so that its memory and its time are none of ours."""
    folder.mkdir(parents=True)
    results = folder / "results.sqlite"
    job.create_results(results)
    result = subprocess.run(
        [sys.executable, "-B", "-m", "peers.careful_loop", str(lines)],
        cwd=Path(__file__).parent,
        env=os.environ | job.environment(port, results),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    seconds, cpu = map(float, result.stdout.split())
    figures.add("careful loop", count / seconds, "recipients/s")
    figures.add("careful loop cpu", cpu / count * 1e6, "CPU s per million")


def measure_quota(options: argparse.Namespace, folder: Path, figures: Figures) -> None:
    """The daemon's CPU over a minute at the usual limits, after the burst is spent."""
    _, lines, _ = make_accounts(20_000, folder)
    stub, port = start_stub("simulator", options.executable)
    daemon = Daemon(options.executable, folder / "fanoutd", port, USUAL)
    try:
        daemon.start()
        client = daemon.client()
        campaign = client.draft()
        client.stream(campaign, lines)
        client.call("POST", campaign + "/start")
        time.sleep(10)
        assert daemon.process
        cpu = daemon.process.cpu()
        time.sleep(60)
        figures.add("quota cpu", (daemon.process.cpu() - cpu) / 60 * 100, "% of a core")
    finally:
        daemon.stop(signal.SIGKILL)
        stub.stop(signal.SIGKILL)
