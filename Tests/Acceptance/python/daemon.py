"""A fanoutd and a simulator of its own for a test, in a folder that goes away with them."""

import json
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.request

from ports import free_port


class Daemon:
    """Use it in a `with` statement; it is ready when the statement's body begins."""

    app = 1_400_000_000
    administrator = "administrator"

    def __init__(self, executable: str, more_configuration: str = "", simulator_options=()):
        self.executable = os.path.abspath(executable)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fanoutd-test-"))
        self.key = secrets.token_hex(32)
        self.token = secrets.token_hex(32)
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://127.0.0.1:{self.simulator_port}"
        self.simulator_options = list(simulator_options)
        self.processes = []
        self.log_path = self.folder / "log"
        for name, text in (("secret-key", self.key), ("token", self.token)):
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(text)
        (self.folder / "fanoutd.yaml").write_text(
            f"""\
tencent:
  sdkAppId: {self.app}
  secretKeyFile: {self.folder}/secret-key
  endpoint: {self.simulator_url}
http:
  listen: 127.0.0.1:{self.port}
  tokenFile: {self.folder}/token
store:
  path: {self.folder}/fanoutd.sqlite
  minFreeBytes: 0
{more_configuration}"""
        )

    @property
    def configuration(self) -> str:
        return str(self.folder / "fanoutd.yaml")

    def start(self, *arguments: str) -> subprocess.Popen:
        with self.log_path.open("ab") as log:
            process = subprocess.Popen([self.executable, *arguments], stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def __enter__(self) -> "Daemon":
        key = str(self.folder / "secret-key")
        listen = f"127.0.0.1:{self.simulator_port}"
        self.start(
            "simulator", "--listen", listen, "--secret-key-file", key, *self.simulator_options
        )
        self.serve()
        return self

    def serve(self) -> subprocess.Popen:
        process = self.start("serve", "--config", self.configuration)
        self.wait_for(lambda: self.answers("/readyz"), "the daemon to be ready")
        return process

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5):
                return True
        except OSError:
            return False

    def wait_for(self, condition, what: str, seconds: float = 60):
        """Asks again and again: these are other processes, and nothing tells when they are done."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain for {what}\n{self.log()}")
            time.sleep(0.05)
        return found

    def get(self, path: str):
        return self.request("GET", path)

    def request(self, method: str, path: str, body=None):
        """The answer's JSON; an answer that is a refusal raises."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"Bearer {self.token}"}
        )
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or b"null")

    def report(self):
        """What the simulator has seen."""
        with urllib.request.urlopen(self.simulator_url + "/_simulator/report") as response:
            return json.loads(response.read())

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
