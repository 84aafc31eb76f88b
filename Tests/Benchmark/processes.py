"""The processes that the benchmark starts, and what Linux tells about them."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

APP = 1_400_000_000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
TICKS = os.sysconf("SC_CLK_TCK")
MESSAGE = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Hello, everybody"}}]}


class Failed(Exception):
    """Something of the run did not work; the text says what."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Measured:
    """A child and what it starts, in a session of their own: time and memory are read from /proc.

    Being a session, none of it gets a terminal's Ctrl-C, and all of it is ended together.
    """

    def __init__(self, command: list[str], **options: Any) -> None:
        self.child = subprocess.Popen(command, start_new_session=True, **options)
        # The CPU seconds of a child that has ended and of those that it waited for.
        self.spent = 0.0

    def cpu(self) -> float:
        """Seconds of CPU used so far, by all threads and processes, user's and system's."""
        if self.child.returncode is not None:
            return self.spent
        ticks = 0
        for fields in members({self.child.pid}).values():
            # Its own, and those of its children that it has waited for.
            ticks += sum(map(int, fields[11:15]))
        return ticks / TICKS

    def peak(self) -> int:
        """The most memory that the child ever had resident, in bytes."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1_024 if found else 0

    def has_ended(self) -> bool:
        """Whether the child has ended; what it used is known from then on."""
        if self.child.returncode is None:
            ended, status, usage = os.wait4(self.child.pid, os.WNOHANG)
            if ended:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                self.spent = usage.ru_utime + usage.ru_stime
        return self.child.returncode is not None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the child, waits for it, and kills what it has left."""
        if self.child.poll() is None:
            self.child.send_signal(how)
        try:
            self.child.wait(timeout=100)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for process in members({self.child.pid}):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


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
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as rollup:
                for line in rollup:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1_024
                        break
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


def start_stub(kind: str, executable: str) -> tuple[Measured, int]:
    """Starts what answers batchsendmsg: the Python stub, or the simulator without a quota."""
    command = [sys.executable, str(Path(__file__).with_name("stub.py"))]
    if kind == "simulator":
        command = [executable, "simulator", "--listen", "127.0.0.1:0", "--window", "off"]
    stub = Measured(command, stdout=subprocess.PIPE, text=True)
    try:
        assert stub.child.stdout
        line = stub.child.stdout.readline()
        port = re.search(r"(\d+)\s*$", line)
        if not port:
            raise Failed(f"the stub said {line!r} instead of its port")
        return stub, int(port[1])
    except BaseException:  # A Ctrl-C, too: nobody else knows of the stub yet.
        stub.stop(signal.SIGKILL)
        raise


class Daemon:
    """fanoutd on a folder of its own; it can be stopped and started again there."""

    def __init__(
        self, executable: str, folder: Path, stub_port: int, limits: str, more: str = ""
    ) -> None:
        self.executable = executable
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        (folder / "secret.key").write_text(KEY + "\n")
        (folder / "secret.key").chmod(0o600)
        self.configuration = folder / "fanoutd.yaml"
        self.configuration.write_text(
            f"""\
http:
  listen: 127.0.0.1:{self.port}
  tokenFile: {folder}/token
store:
  path: {folder}/fanoutd.sqlite
tencent:
  sdkAppId: {APP}
  secretKeyFile: {folder}/secret.key
  endpoint: http://127.0.0.1:{stub_port}
limits:
{limits}
log:
  level: warning
{more}"""
        )
        self.process: Measured | None = None

    def start(self) -> float:
        """Starts it; returns the seconds until /readyz said 200."""
        began = time.monotonic()
        command = [self.executable, "serve", "--config", str(self.configuration)]
        log = open(self.folder / "log.txt", "a", encoding="utf-8")
        self.process = Measured(command, stderr=log, stdout=log)
        while time.monotonic() < began + 60:
            if self.process.child.poll() is not None:
                break
            if self.is_ready():
                return time.monotonic() - began
            time.sleep(0.001)
        raise Failed(f"fanoutd isn't ready, see {self.folder}/log.txt")

    def is_ready(self) -> bool:
        """Whether /readyz says 200 now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the process; the folder stays."""
        if self.process:
            self.process.stop(how)

    def client(self) -> Client:
        """A connection of its own, kept alive."""
        return Client(self.port, (self.folder / "token").read_text().strip())

    def file_size(self) -> int:
        """The bytes of the store's files."""
        return sum(path.stat().st_size for path in self.folder.glob("fanoutd.sqlite*"))


class Client:
    """The daemon's endpoint over one kept connection."""

    def __init__(self, port: int, token: str) -> None:
        # Recipients are sent in large blocks, so that what is measured isn't this program.
        self.connection = http.client.HTTPConnection("127.0.0.1", port, blocksize=1 << 18)
        self.token = token

    def call(self, method: str, path: str, body: Any = None, kind: str = "") -> Any:
        """Sends a request, with JSON unless `kind` says what the body is; returns the JSON."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
            if hasattr(body, "fileno"):
                headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        data = body if kind or body is None else json.dumps(body).encode()
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise Failed(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return json.loads(content) if content else None

    def draft(self) -> str:
        """Creates an empty campaign; returns its path."""
        campaign = self.call("POST", "/v1/campaigns", {"name": "bench", "message": MESSAGE})
        return f"/v1/campaigns/{campaign['id']}"

    def stream(self, campaign: str, file: Path) -> int:
        """Streams a file of accounts into a draft; returns how many were accepted."""
        return self.send(campaign + "/recipients", file)

    def send(self, path: str, file: Path) -> int:
        """Streams a file of accounts; returns how many were accepted."""
        with open(file, "rb") as accounts:
            return int(self.call("POST", path, accounts, "text/plain")["accepted"])

    def recipients(self, campaign: str) -> Iterator[dict[str, str]]:
        """Every recipient of the export."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/csv"}
        self.connection.request("GET", campaign + "/recipients", headers=headers)
        answer = self.connection.getresponse()
        yield from csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8", newline=""))

    def export(self, campaign: str) -> int:
        """Reads the whole export and throws it away; returns its bytes."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/csv"}
        self.connection.request("GET", campaign + "/recipients", headers=headers)
        answer = self.connection.getresponse()
        size = 0
        while chunk := answer.read(1 << 20):
            size += len(chunk)
        return size
