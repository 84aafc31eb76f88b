"""Who does the whole job: fanoutd and its peers, each with the processes that it needs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from measures import RAISED
from peers import environment, job
from processes import MESSAGE, Client, Daemon, Failed, Measured, free_port

HERE = Path(__file__).parent
# Seconds: importing a task queue takes a few on a busy machine.
READY_DEADLINE = 60
CAREFUL_LOOP = "careful loop"


class Contender(ABC):
    """Has servers that are up before the clock begins, and a submitter that begins the job."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.servers: list[Measured] = []
        self.submitter: Measured | None = None

    @abstractmethod
    def start(self) -> None:
        """Starts the servers and waits until all of them are ready."""

    @abstractmethod
    def submit(self, lines: Path) -> Measured:
        """Starts the process that reads the file of accounts."""

    @abstractmethod
    def recorded(self) -> int:
        """How many recipients are recorded by now; it costs the contender next to nothing."""

    @abstractmethod
    def accounts(self) -> Iterable[str]:
        """Whose outcome is recorded as accepted, in no order."""

    @abstractmethod
    def disk(self) -> int:
        """The bytes of its files."""

    def processes(self) -> list[Measured]:
        """All that it has started."""
        return self.servers + ([self.submitter] if self.submitter else [])

    def begin(self, lines: Path) -> Measured:
        """Begins the job."""
        self.submitter = self.submit(lines)
        return self.submitter

    def stop(self) -> None:
        """Ends everything at once."""
        for process in self.processes():
            process.stop(signal.SIGKILL)


class Fanoutd(Contender):
    """The daemon with raised limits, and `fanoutd submit`; the job ends with the campaign."""

    def __init__(self, executable: str, folder: Path, stub_port: int, count: int) -> None:
        super().__init__("fanoutd", folder)
        self.executable = executable
        self.count = count
        self.daemon = Daemon(executable, folder, stub_port, RAISED)
        self.client: Client | None = None
        self.campaign = ""

    def start(self) -> None:
        try:
            self.daemon.start()
        finally:
            if self.daemon.process:
                self.servers.append(self.daemon.process)
        self.client = self.daemon.client()

    def submit(self, lines: Path) -> Measured:
        message = self.folder / "message.json"
        message.write_text(json.dumps(MESSAGE))
        told = {
            "FANOUTD_URL": f"http://127.0.0.1:{self.daemon.port}",
            "FANOUTD_TOKEN_FILE": str(self.folder / "token"),
        }
        command = [self.executable, "submit", "--message", str(message), "--to", str(lines)]
        with open(self.folder / "submit.log", "wb") as log:
            return Measured(
                command, env=os.environ | told, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def recorded(self) -> int:
        if not self.campaign:
            assert self.submitter and self.submitter.child.stdout
            if not self.submitter.has_ended() or self.submitter.child.returncode:
                return 0
            self.campaign = "/v1/campaigns/" + self.submitter.child.stdout.read().strip()
        assert self.client
        state = self.client.call("GET", self.campaign)
        sent = int(state["counts"]["sent"])
        # The last recipient counts when the campaign has ended.
        return sent if state["state"] == "completed" else min(sent, self.count - 1)

    def accounts(self) -> Iterable[str]:
        assert self.client
        for recipient in self.client.recipients(self.campaign):
            if recipient["status"] == "sent":
                yield recipient["account"]

    def disk(self) -> int:
        return self.daemon.file_size()


@dataclass(frozen=True)
class Server:
    """A program of the peers' environment that runs before the clock begins."""

    command: str
    # How many of its workers say `ready`.
    workers: int


@dataclass(frozen=True)
class Kind:
    """A peer as it is told to the benchmark."""

    name: str
    module: str
    # A loop has no queue and no workers: the submitter does it all.
    worker: Server | None = None
    redis: bool = False
    packages: bool = True


# The workers are as many as were fastest on two cores with 200,000 accounts, twice each. They
# mostly wait for the disk, so more than there are cores pay off until they wait for each other:
# huey       2, 3, 4, 8 processes and 2, 4, 8 threads: 4 processes
# dramatiq   1 x 8, 2 x 2, 2 x 4, 2 x 8 (its own default) and 4 x 4 processes and threads: 4 x 4
# Celery     2 (its own default), 4, 8 processes and 8 threads: 4 and 8 processes alike
KINDS = [
    Kind(
        "huey+SQLite",
        "peers.huey_sqlite",
        # Idle workers look every 0.1 s instead of more and more seldom: the job begins at once.
        Server(
            "huey_consumer peers.huey_sqlite.huey -q -k process -w 4 -m 0.1",
            workers=4,
        ),
    ),
    Kind(
        "dramatiq+Redis",
        "peers.dramatiq_redis",
        Server("dramatiq peers.dramatiq_redis -p 4 -t 4", workers=4),
        redis=True,
    ),
    Kind(
        "Celery+Redis",
        "peers.celery_redis",
        Server("celery -q -A peers.celery_redis worker -c 4", workers=1),
        redis=True,
    ),
    Kind("bare loop", "peers.bare_loop"),
    Kind(CAREFUL_LOOP, "peers.careful_loop", packages=False),
]


class Peer(Contender):
    """A peer's servers and its producer, which all write into one file of rows."""

    def __init__(self, kind: Kind, programs: Path | None, folder: Path, stub_port: int) -> None:
        super().__init__(kind.name, folder)
        self.kind = kind
        self.programs = programs
        # All that counts as its disk.
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.results = self.data / "results.sqlite"
        job.create_results(self.results)
        self.rows = sqlite3.connect(self.results, isolation_level=None)
        self.redis_port = free_port()
        queue = str(self.data / "queue.sqlite")
        if kind.redis:
            queue = f"redis://127.0.0.1:{self.redis_port}/0"
        self.environment = (
            os.environ
            | job.environment(stub_port, self.results, queue)
            | {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        )

    def start(self) -> None:
        if self.kind.redis:
            self.start_redis()
        if self.kind.worker:
            program, *arguments = self.kind.worker.command.split()
            self.serve("worker", [self.program(program), *arguments])
            self.wait("worker", "ready", self.kind.worker.workers)

    def start_redis(self) -> None:
        """A Redis server of its own, with nothing configured but where it is."""
        place = ["--bind", "127.0.0.1", "--port", str(self.redis_port), "--dir", str(self.data)]
        self.serve("redis", [environment.redis_server(), *place])
        self.wait("redis", "Ready to accept connections", 1)

    def serve(self, name: str, command: list[str]) -> None:
        """Starts a server, with a log of its own."""
        with open(self.log(name), "wb") as log:
            server = Measured(command, env=self.environment, stdout=log, stderr=log)
        self.servers.append(server)

    def wait(self, name: str, word: str, times: int) -> None:
        """Waits until the server just started has said the word that often."""
        deadline = time.monotonic() + READY_DEADLINE
        while self.log(name).read_text(errors="replace").count(word) < times:
            if self.servers[-1].has_ended() or time.monotonic() > deadline:
                raise Failed(f"{self.name} isn't ready, see {self.log(name)}")
            time.sleep(0.005)

    def log(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self.folder / f"{name}.log"

    def program(self, name: str) -> str:
        """A program of the peers' environment; this benchmark's own Python needs none."""
        if self.programs:
            return str(self.programs / name)
        return sys.executable

    def submit(self, lines: Path) -> Measured:
        module = [self.kind.module, str(lines)]
        if self.kind.worker:
            module = ["peers.producer", *module]
        with open(self.log("submitter"), "wb") as log:
            return Measured(
                [self.program("python"), "-m", *module],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def recorded(self) -> int:
        # Rows are only ever appended, so the last one's number is their count; it costs one look
        # into the file.
        (count,) = self.rows.execute("SELECT max(rowid) FROM recipient").fetchone()
        return count or 0

    def accounts(self) -> Iterable[str]:
        rows = self.rows.execute("SELECT account FROM recipient WHERE code = 0 AND key <> ''")
        return (account for (account,) in rows)

    def disk(self) -> int:
        total = 0
        for file in self.data.iterdir():
            with contextlib.suppress(FileNotFoundError):
                total += file.stat().st_size
        return total

    def stop(self) -> None:
        super().stop()
        self.rows.close()


def available_peers(folder: Path) -> tuple[list[Kind], Path | None]:
    """The peers that can be had here, and their programs; a line tells of each that can't."""
    programs: Path | None = None
    reasons = {}
    try:
        programs = environment.python_programs(folder)
    except environment.Missing as missing:
        reasons["packages"] = str(missing)
    try:
        environment.redis_server()
    except environment.Missing as missing:
        reasons["redis"] = str(missing)
    kinds = []
    for kind in KINDS:
        lacks = [need for need in reasons if getattr(kind, need)]
        if lacks:
            print(f"{kind.name} is left out: {reasons[lacks[0]]}", flush=True)
        else:
            kinds.append(kind)
    return kinds, programs
