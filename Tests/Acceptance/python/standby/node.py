"""One fanoutd of several on one database."""

import http.client
import json
import pathlib
import signal
import socket
import subprocess

from ports import free_port
from standby.suite import EXECUTABLE, wait_for


class Answer:
    """What a node said to a request; a refusal is an answer too."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body or b"null")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """A daemon's folder, configuration and process."""

    app = 1_400_000_000

    def __init__(self, name: str, folder: pathlib.Path, shared: pathlib.Path, settings: dict,
                 namespace: str | None = None):
        self.name, self.folder, self.shared = name, folder, shared
        self.namespace = namespace
        folder.mkdir()
        self.port = free_port()
        self.socket = folder / "socket" if namespace else None
        self.url = f"unix:{self.socket}" if self.socket else f"http://127.0.0.1:{self.port}"
        self.token = (shared / "token").read_text()
        self.log_path = folder / "log"
        self.process: subprocess.Popen | None = None
        self.settings = {
            "tencent.sdkAppId": self.app,
            "tencent.secretKeyFile": shared / "secret-key",
            "http.listen": self.url.removeprefix("http://"),
            "http.tokenFile": shared / "token",
            "store.postgres.passwordFile": shared / "password",
            "cluster.name": name,
            "cluster.advertise": None if namespace else self.url,
            "cluster.stateDirectory": folder,
        } | settings

    @property
    def configuration(self) -> pathlib.Path:
        return self.folder / "fanoutd.yaml"

    def write(self):
        self.configuration.write_text(document(self.settings))

    def start(self) -> "Node":
        self.write()
        command = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        command += [EXECUTABLE, "serve", "--config", str(self.configuration)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        return self

    def wait_until_up(self) -> "Node":
        wait_for(self.is_up, f"node {self.name} to answer")
        return self

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} has ended: {self.log()[-3000:]}")
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def connection(self, timeout: float) -> http.client.HTTPConnection:
        if self.socket:
            return UnixConnection(str(self.socket), timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method: str, path: str, body=None, timeout: float = 60, **headers) -> Answer:
        fields = {"Authorization": f"Bearer {self.token}"}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        fields = {name: value for name, value in fields.items() if value is not None}
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body, fields)
            return Answer(connection.getresponse())
        except http.client.HTTPException as fault:
            raise ConnectionError(repr(fault)) from fault
        finally:
            connection.close()

    def get(self, path: str, **more) -> Answer:
        return self.request("GET", path, **more)

    def post(self, path: str, body=None, **more) -> Answer:
        return self.request("POST", path, body, **more)

    def cluster(self) -> dict | None:
        """How it sees itself; None while it can't be asked."""
        try:
            answer = self.get("/v1/quota", timeout=5)
        except OSError:
            return None
        return answer.json.get("cluster") if answer.status == 200 else None

    def leads(self) -> bool:
        return (self.cluster() or {}).get("role") == "leader"

    def stands_by(self) -> bool:
        return (self.cluster() or {}).get("role") == "standby"

    def follows(self) -> bool:
        """Whether it stands by and has read in the database whom it follows."""
        cluster = self.cluster() or {}
        return cluster.get("role") == "standby" and cluster.get("epoch") is not None

    def metrics(self) -> dict[str, float]:
        lines = self.get("/metrics").body.decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def command(self, *arguments, **environment) -> subprocess.CompletedProcess:
        return command(*arguments, cwd=self.folder, **environment)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self, seconds: float = 120) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def command(*arguments, cwd, timeout: float = 120, **environment) -> subprocess.CompletedProcess:
    """What a command of fanoutd says on its two streams; it finds no token by chance."""
    return subprocess.run(
        [EXECUTABLE, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        timeout=timeout,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        | {name: str(value) for name, value in environment.items()},
    )


def document(settings: dict) -> str:
    """YAML of dotted keys; None leaves one out."""
    tree: dict = {}
    for key, value in settings.items():
        if value is None:
            continue
        place = tree
        *sections, last = key.split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return "".join(f"{line}\n" for line in lines(tree, ""))


def lines(tree: dict, indent: str):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from lines(value, indent + "  ")
        elif isinstance(value, (bool, int, float)):
            yield f"{indent}{name}: {json.dumps(value)}"
        else:
            yield f"{indent}{name}: {json.dumps(str(value))}"


class Simulator:
    """The stand-in for Tencent IM, which counts for itself."""

    def __init__(self, folder: pathlib.Path, shared: pathlib.Path, *options: str):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with (folder / "simulator.log").open("ab") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "simulator", "--listen", f"127.0.0.1:{self.port}"]
                + ["--secret-key-file", str(shared / "secret-key"), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
            )
        wait_for(self.is_up, "the simulator to answer")

    def is_up(self) -> bool:
        try:
            return bool(self.report())
        except OSError:
            return False

    def ask(self, method: str, path: str, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        if answer.status >= 300:
            raise AssertionError(f"{path}: {answer.status} {answer.body!r}")
        return json.loads(answer.body or b"null")

    def report(self) -> dict:
        return self.ask("GET", "/_simulator/report")

    def set(self, **faults):
        self.ask("POST", "/_simulator/faults", faults)
