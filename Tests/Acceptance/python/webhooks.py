"""Webhooks over real sockets: signatures, order, retries, kills, and receivers that behave badly."""

import base64
import http.server
import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import unittest

from standardwebhooks.webhooks import Webhook

from daemon import Daemon

executable = sys.argv.pop(1) if len(sys.argv) > 1 else ".build/debug/fanoutd"

FAST = "limits:\n  messagesPerMinute: 600000\nlog:\n  level: debug\n"


class Receiver:
    """A server that takes events, verifies them, and answers as `answer` says."""

    def __init__(self):
        self.key = secrets.token_bytes(24)
        self.secret = "whsec_" + base64.b64encode(self.key).decode()
        self.events, self.faults, self.paths = [], [], []
        self.changed = threading.Condition()
        self.answer = lambda handler, event: self.settle(handler)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # who is sending was killed amid it: nothing was told
                    self.close_connection = True
                    return
                receiver.take(self, body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=t0psecret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def settle(handler, status=204, headers=()):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def take(self, handler, body):
        try:
            event = Webhook(self.secret).verify(body, dict(handler.headers))
        except Exception as fault:  # whatever it is, the test must show it
            self.faults.append(repr(fault))
            return self.settle(handler, 400)
        event["id"] = handler.headers["webhook-id"]
        with self.changed:
            self.paths.append(handler.path)
            self.events.append(event)
            self.changed.notify_all()
        try:
            self.answer(handler, event)
        except OSError:
            pass  # who is sending was killed, or waits no longer

    def wait(self, condition, what, seconds=120):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self.events), seconds):
                kinds = [event["type"] for event in self.events]
                raise AssertionError(f"waited in vain for {what}: {kinds} {self.faults}")

    def of(self, campaign):
        """The types of a campaign's events in the order of their first arrival."""
        seen = {}
        for event in self.events:
            if event["data"].get("id") == campaign:
                seen.setdefault(event["id"], event["type"])
        return list(seen.values())

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Webhooks(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def daemon(self, *receivers, events=""):
        daemon = Daemon(executable, FAST)
        text = "webhooks:\n"
        for index, receiver in enumerate(receivers or [self.receiver]):
            path = daemon.folder / f"hook-{index}"
            path.touch(mode=0o600)
            path.write_text(receiver.secret + "\n")
            text += f"  - url: {receiver.url}\n    secretFile: hook-{index}\n{events}"
        with open(daemon.configuration, "a") as file:
            file.write(text)
        return self.enterContext(daemon)

    def submit(self, daemon, count=20, **fields):
        body = {
            "message": {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]},
            "recipients": [f"user-{number}" for number in range(count)],
        }
        return daemon.request("POST", "/v1/campaigns", body | fields)["id"]

    def command(self, daemon, *arguments):
        return subprocess.run(
            [executable, *arguments, "--url", daemon.url]
            + ["--token-file", str(daemon.folder / "token")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def settled(self, daemon):
        daemon.wait_for(
            lambda: all(hook["backlog"] == 0 for hook in daemon.get("/v1/webhooks")["items"]),
            "the backlog to be empty",
        )

    def test_a_campaign_is_told_with_what_became_of_it(self):
        daemon = self.daemon()
        id = self.submit(daemon, name="Singles' Day")
        self.receiver.wait(lambda _: len(self.receiver.of(id)) == 2, "two events")
        self.assertEqual(self.receiver.of(id), ["campaign.started", "campaign.completed"])
        data = self.receiver.events[-1]["data"]
        self.assertEqual(data["counts"]["sent"], 20)
        self.assertEqual(data["name"], "Singles' Day")
        self.assertIsNone(data["message"])
        self.settled(daemon)
        hook = daemon.get("/v1/webhooks")["items"][0]
        self.assertEqual((hook["id"], hook["last"]["status"], hook["stopped"]), (1, 204, False))
        self.assertIsNone(hook["last"]["error"])
        self.assertIsNone(hook["next_at"])
        self.assertNotIn("t0psecret", json.dumps(hook))
        self.assertEqual(set(self.receiver.paths), {"/hook?token=t0psecret"})
        self.assertEqual(self.receiver.faults, [])

    def test_every_event_comes_in_order_through_kills(self):
        dead = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
        self.addCleanup(dead.close)
        other = Receiver()
        other.url = f"http://127.0.0.1:{dead.getsockname()[1]}/"
        self.addCleanup(other.close)
        daemon = self.daemon(self.receiver, other)
        daemon.request("POST", "/v1/pause")
        ids = []
        for life in range(4):
            for _ in range(5):
                id = self.submit(daemon, start=False)
                ids.append(id)
                for action in ("start", "pause", "resume", "cancel"):
                    daemon.request("POST", f"/v1/campaigns/{id}/{action}")
            # In the midst of it: some were told, of some the telling isn't recorded.
            daemon.processes[-1].send_signal(signal.SIGKILL)
            daemon.processes[-1].wait()
            daemon.serve()
        self.receiver.wait(
            lambda _: all("campaign.canceled" in self.receiver.of(id) for id in ids), "all ends"
        )
        for id in ids:
            told = self.receiver.of(id)
            self.assertEqual(
                told,
                ["campaign.started", "campaign.paused", "campaign.resumed", "campaign.canceled"],
            )
        items = daemon.get("/v1/webhooks")["items"]
        self.assertEqual(items[1]["backlog"], 4 * len(ids), "the dead one's wait")
        hook = daemon.wait_for(
            lambda: (found := daemon.get("/v1/webhooks")["items"][1])["last"] and found,
            "the dead one's try to end",
        )
        self.assertIn("no answer within 15", hook["last"]["error"])
        self.assertIsNone(hook["last"]["status"])
        self.assertEqual(self.receiver.faults, [])
        self.assertNotIn(self.receiver.secret, daemon.log())
        self.assertNotIn("t0psecret", daemon.log())

    def test_a_failed_try_is_made_again_and_holds_its_campaign_alone(self):
        failed = []

        def answer(handler, event):
            if event["data"]["name"] == "bad" and not failed:
                failed.append(event["id"])
                return Receiver.settle(handler, 301, [("Location", "/elsewhere")])
            Receiver.settle(handler)

        self.receiver.answer = answer
        daemon = self.daemon()
        bad = self.submit(daemon, name="bad")
        self.receiver.wait(lambda _: failed, "the first try")
        hook = daemon.wait_for(
            lambda: (found := daemon.get("/v1/webhooks")["items"][0])["last"] and found,
            "the answer to be shown",
        )
        self.assertEqual(hook["last"]["status"], 301)
        self.assertIn("redirects", hook["last"]["error"])
        good = self.submit(daemon, name="good")
        for id in (bad, good):
            self.receiver.wait(lambda _: len(self.receiver.of(id)) == 2, "both events")
            self.assertEqual(self.receiver.of(id), ["campaign.started", "campaign.completed"])
        tries = [event["id"] for event in self.receiver.events if event["id"] == failed[0]]
        self.assertEqual(len(tries), 2)
        self.assertNotIn("/elsewhere", self.receiver.paths)

    def test_a_hook_that_is_gone_is_left_alone_until_a_reload(self):
        gone = [True]
        self.receiver.answer = lambda handler, _: Receiver.settle(handler, 410 if gone[0] else 200)
        daemon = self.daemon(events="    events: [campaign.completed, campaign.canceled]\n")
        first = self.submit(daemon)
        daemon.wait_for(
            lambda: daemon.get("/v1/webhooks")["items"][0]["stopped"], "the hook to be stopped"
        )
        second = self.submit(daemon)
        daemon.wait_for(
            lambda: daemon.get("/v1/webhooks")["items"][0]["backlog"] == 2, "both to wait"
        )
        self.assertEqual(len(self.receiver.events), 1)
        self.assertIn("stopped", self.command(daemon, "webhooks").stdout)
        gone[0] = False
        daemon.processes[-1].send_signal(signal.SIGHUP)
        for id in (first, second):
            self.receiver.wait(lambda _: self.receiver.of(id), "its end")
        self.settled(daemon)

    def test_a_gigabyte_of_answer_is_not_read(self):
        written = []

        def answer(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", str(1 << 30))
            handler.end_headers()
            try:
                for _ in range(1 << 14):
                    handler.wfile.write(bytes(1 << 16))
                    written.append(1 << 16)
            finally:
                handler.close_connection = True

        self.receiver.answer = answer
        daemon = self.daemon()
        id = self.submit(daemon)
        self.receiver.wait(lambda _: len(self.receiver.of(id)) == 2, "both events")
        self.settled(daemon)
        self.assertLess(sum(written), 64 << 20)

    def test_the_command_lists_and_tests(self):
        daemon = self.daemon()
        listed = self.command(daemon, "webhooks")
        self.assertEqual(listed.returncode, 0, listed.stdout)
        self.assertIn("untried", listed.stdout)
        self.assertNotIn("t0psecret", listed.stdout)
        tested = self.command(daemon, "webhooks", "--test", "1")
        self.assertEqual(tested.returncode, 0, tested.stdout)
        self.receiver.wait(lambda events: events, "the test event")
        self.assertEqual(self.receiver.events[0]["type"], "webhook.test")
        self.receiver.answer = lambda handler, _: Receiver.settle(handler, 500)
        failing = self.command(daemon, "webhooks", "--test", "1")
        self.assertEqual(failing.returncode, 1)
        self.assertIn("HTTP 500", failing.stdout)
        self.assertEqual(self.command(daemon, "webhooks", "--test", "2").returncode, 65)

    def test_a_reload_takes_hooks_and_forgets_others(self):
        daemon = self.daemon()
        other = Receiver()
        self.addCleanup(other.close)
        path = daemon.folder / "hook-9"
        path.touch(mode=0o600)
        path.write_text(other.secret)
        with open(daemon.configuration) as file:
            text = file.read()
        with open(daemon.configuration, "w") as file:
            file.write(text[: text.index("webhooks:")])
            file.write(f"webhooks:\n  - url: {other.url}\n    secretFile: hook-9\n")
        daemon.processes[-1].send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: "changed: webhooks" in daemon.log() or "webhooks" in daemon.log()
                        and "Configuration read again" in daemon.log(), "the reload")
        id = self.submit(daemon)
        other.wait(lambda _: len(other.of(id)) == 2, "both events")
        self.assertEqual(self.receiver.events, [])
        # A secret that everybody can read is refused, and the old hooks stay.
        path.chmod(0o644)
        daemon.processes[-1].send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: daemon.get("/v1/quota")["config_error"], "the refusal")
        self.assertIn("webhooks[0].secretFile", daemon.get("/v1/quota")["config_error"])
        self.assertEqual(len(daemon.get("/v1/webhooks")["items"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
