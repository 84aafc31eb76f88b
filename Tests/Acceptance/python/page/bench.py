"""A fanoutd for the page's tests, with what they need of campaigns and of a provider's faults."""

import json
import secrets
import signal
import subprocess
import urllib.parse
import urllib.request

from daemon import Daemon

FAST = "limits:\n  messagesPerMinute: 6000000\n  callsPerSecond: 2000\nretry:\n  baseSeconds: 0.1\n  capSeconds: 0.2\n"
TEXT = {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi, beauty"}}
FINAL = ("completed", "canceled", "expired")


def accounts(count: int, name: str = "user") -> list[str]:
    return [f"{name}-{number:07}" for number in range(count)]


class Bench(Daemon):
    """A daemon with a title and a read-only token beside the one that may write."""

    def __init__(
        self, executable, more_configuration=FAST, simulator_options=(), title="Prod CN", http=""
    ):
        super().__init__(executable, more_configuration, simulator_options)
        self.read_token = secrets.token_hex(32)
        self.tokens = self.folder / "tokens"
        self.tokens.touch(mode=0o600)
        self.tokens.write_text(f"intern read {self.read_token}\n")
        path = self.folder / "fanoutd.yaml"
        more = f"http:\n  tokensFile: {self.tokens}\n  title: {json.dumps(title)}\n{http}"
        path.write_text(path.read_text().replace("http:\n", more))

    def start_simulator(self):
        self.simulator = self.start(
            "simulator", "--listen", f"127.0.0.1:{self.simulator_port}", "--secret-key-file",
            str(self.folder / "secret-key"), *self.simulator_options,
        )

    def __enter__(self) -> "Bench":
        self.start_simulator()
        self.serve()
        return self

    def serve(self) -> subprocess.Popen:
        self.server = super().serve()
        return self.server

    def kill(self):
        self.server.kill()
        self.server.wait()

    def reload(self, old: str, new: str):
        """Changes the configuration and has it read again."""
        path = self.folder / "fanoutd.yaml"
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))
        self.server.send_signal(signal.SIGHUP)

    def campaign(self, recipients=(), **fields) -> str:
        """Creates one; with many recipients they are streamed, and it is started then."""
        body = {"name": "Singles' Day", "message": {"From_Account": "dave", "MsgBody": [TEXT]}}
        body |= fields
        if len(recipients) <= 1_000:
            if recipients:
                body["recipients"] = list(recipients)
            return self.request("POST", "/v1/campaigns", body)["id"]
        start = body.pop("start", True)
        id = self.request("POST", "/v1/campaigns", body)["id"]
        self.add(id, recipients)
        if start:
            self.request("POST", f"/v1/campaigns/{id}/start")
        return id

    def add(self, id: str, recipients):
        request = urllib.request.Request(
            f"{self.url}/v1/campaigns/{id}/recipients",
            data="\n".join(recipients).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "text/plain"},
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.loads(response.read())

    def shown(self, id: str) -> dict:
        return self.get(f"/v1/campaigns/{id}")

    def act(self, id: str, verb: str, body=None):
        return self.request("POST", f"/v1/campaigns/{id}/{verb}", body)

    def recipient(self, id: str, account: str) -> dict:
        return self.get(f"/v1/campaigns/{id}/recipients/{urllib.parse.quote(account, safe='')}")

    def until(self, id: str, *states: str) -> dict:
        """The campaign, once it is in one of the states."""
        return self.wait_for(
            lambda: (found := self.shown(id))["state"] in states and found,
            f"the campaign to become {' or '.join(states)}",
        )

    def over(self, id: str) -> dict:
        return self.wait_for(
            lambda: (found := self.shown(id))["finished_at"] and found, "the campaign to be over"
        )

    def service(self, state: str) -> dict:
        return self.wait_for(
            lambda: (found := self.get("/v1/quota"))["state"] == state and found,
            f"the service to be {state}",
        )

    def faults(self, **faults):
        """The simulator's from now on; none ends them."""
        request = urllib.request.Request(
            self.simulator_url + "/_simulator/faults",
            data=json.dumps(faults).encode(),
            method="POST",
        )
        urllib.request.urlopen(request).close()
