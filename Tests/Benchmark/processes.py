"""The processes that the benchmark starts, and how it talks to them."""

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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proc import TICKS, members

APP = 1_400_000_000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
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


def write_configuration(folder: Path, port: int, app: int, endpoint: str, more: str = "") -> Path:
    """Writes a daemon's secret and its configuration into its folder."""
    secret = folder / "secret.key"
    secret.write_text(KEY + "\n")
    secret.chmod(0o600)
    file = folder / "fanoutd.yaml"
    file.write_text(
        f"""\
http:
  listen: 127.0.0.1:{port}
  tokenFile: {folder}/token
store:
  path: {folder}/fanoutd.sqlite
tencent:
  sdkAppId: {app}
  secretKeyFile: {secret}
  endpoint: {endpoint}
{more}"""
    )
    return file


def is_ready(port: int) -> bool:
    """Whether /readyz says 200 now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Daemon:
    """fanoutd on a folder of its own; it can be stopped and started again there."""

    def __init__(
        self, executable: str, folder: Path, stub_port: int, limits: str, more: str = ""
    ) -> None:
        self.executable = executable
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        more = f"limits:\n{limits}\nlog:\n  level: warning\n{more}"
        endpoint = f"http://127.0.0.1:{stub_port}"
        self.configuration = write_configuration(folder, self.port, APP, endpoint, more)
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
            if is_ready(self.port):
                return time.monotonic() - began
            time.sleep(0.001)
        raise Failed(f"fanoutd isn't ready, see {self.folder}/log.txt")

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
