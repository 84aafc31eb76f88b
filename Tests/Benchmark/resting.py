"""Many instances with nothing to do, each with a folder, a store, a port and a secret."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from processes import APP, Failed, Measured, is_ready, write_configuration

# The discard port: the address of an app's data centre, which nobody needs at rest. Its https makes
# the instance hold what TLS needs.
ENDPOINT = "https://127.0.0.1:9"
READY_DEADLINE = 120
PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below those that Linux gives to clients."""
    found: list[int] = []
    for port in PORTS:
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    if len(found) < count:
        raise Failed(f"only {len(found)} of {count} ports are free")
    return found


class Manager(threading.Thread):
    """What systemd would be: a socket that hears the instances' notifications."""

    def __init__(self, watchdog: int) -> None:
        super().__init__(daemon=True)
        self.watchdog = watchdog
        # A name of the abstract namespace: a folder's path may be too long for a socket.
        self.name = f"fanoutd-idle-{os.getpid()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.name)

    def run(self) -> None:
        while True:
            self.socket.recv(4_096)

    def environment(self) -> dict[str, str]:
        """What an instance is started with."""
        return {
            **os.environ,
            "NOTIFY_SOCKET": f"@{self.name}",
            "WATCHDOG_USEC": str(self.watchdog * 1_000_000),
        }


class Instance:
    """One daemon for an app of its own."""

    def __init__(self, executable: str, folder: Path, port: int, number: int) -> None:
        self.folder = folder
        self.port = port
        self.process: Measured | None = None
        folder.mkdir(parents=True)
        configuration = write_configuration(folder, port, APP + number, ENDPOINT)
        self.command = [executable, "serve", "--config", str(configuration)]

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process
        return self.process.child.pid

    def start(self, environment: dict[str, str] | None) -> None:
        """Starts it and waits until /readyz says 200."""
        with open(self.folder / "log.txt", "a", encoding="utf-8") as log:
            self.process = Measured(self.command, stdout=log, stderr=log, env=environment)
        end = time.monotonic() + READY_DEADLINE
        while not is_ready(self.port):
            if self.process.child.poll() is not None or time.monotonic() > end:
                raise Failed(f"an instance isn't ready, see {self.folder}/log.txt")
            time.sleep(0.02)

    def check(self) -> None:
        """Fails if it has ended."""
        assert self.process
        if self.process.child.poll() is not None:
            raise Failed(f"an instance has ended, see {self.folder}/log.txt")


def start_all(instances: list[Instance], environment: dict[str, str] | None) -> None:
    """Starts them in small groups: two cores would take minutes for all at once."""
    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as starters:
        starts = [starters.submit(instance.start, environment) for instance in instances]
        try:
            for start in starts:
                start.result()
        except BaseException:
            starters.shutdown(wait=False, cancel_futures=True)
            raise


def stop_all(instances: list[Instance]) -> None:
    """Ends those that were started: asked all at once, then waited for one by one."""
    started = [instance.process for instance in instances if instance.process]
    for process in started:
        if process.child.poll() is None:
            process.child.send_signal(signal.SIGTERM)
    for process in started:
        process.stop()
