"""What stands between a node and its neighbours: it sees every call, and can cut the line."""

import contextlib
import dataclasses
import http.client
import http.server
import json
import select
import socket
import threading
import time

from ports import free_port


@dataclasses.dataclass
class Call:
    """A call of batchsendmsg as the wire saw it."""

    node: str
    arrived: float
    accounts: list
    answered: float | None = None
    accepted: list = dataclasses.field(default_factory=list)


class Journal:
    """The calls of all nodes in the order of their arrival."""

    def __init__(self):
        self.calls: list[Call] = []
        self.changed = threading.Condition()
        self.traps = []

    def add(self, call: Call):
        with self.changed:
            self.calls.append(call)
            due = [trap for trap in self.traps if trap[0](call)]
            self.traps = [trap for trap in self.traps if trap not in due]
            self.changed.notify_all()
        for _, action in due:
            action()

    def settle(self, call: Call, accepted: list):
        with self.changed:
            call.answered, call.accepted = time.monotonic(), accepted
            self.changed.notify_all()

    def at(self, condition, action):
        """Does something when a certain call has arrived, before anybody answers it."""
        with self.changed:
            self.traps.append((condition, action))

    def wait(self, condition, what: str, seconds: float = 60):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self.calls), seconds):
                raise AssertionError(
                    f"waited {seconds:g} s in vain for {what}: {len(self.calls)} calls"
                )

    def wait_for_more(self, count: int, seconds: float = 60, of: str | None = None):
        """Waits for so many further calls, of a certain node or of any."""
        def number(calls):
            return sum(1 for call in calls if of in (None, call.node))

        goal = number(list(self.calls)) + count
        whose = f" of {of}" if of else ""
        self.wait(lambda calls: number(calls) >= goal, f"{count} more calls{whose}", seconds)

    def of(self, node: str, since: float = 0) -> list[Call]:
        return [call for call in list(self.calls) if call.node == node and call.arrived >= since]

    def gap(self, moment: float, within: float) -> float:
        """The longest time in which nothing went out, of those that begin around a moment or within
        some seconds after it."""
        times = [call.arrived for call in list(self.calls)]
        before = [at for at in times if at <= moment][-1:]
        after = [at for at in times if at > moment] + [float("inf")]
        pauses = zip(before + after, after, strict=False)
        return max(end - begin for begin, end in pauses if begin <= moment + within)

    def tale(self, account) -> str:
        """What became of one recipient, for whoever has to find out."""
        return "; ".join(
            f"{call.node} at {call.arrived:.2f}, answered at {call.answered or 0:.2f},"
            f" {'accepted' if account in call.accepted else 'not accepted'}"
            for call in list(self.calls) if account in call.accounts
        ) or "never addressed"

    def repeated(self) -> set:
        """Who was addressed more than once."""
        seen, again = set(), set()
        for call in list(self.calls):
            again.update(account for account in call.accounts if account in seen)
            seen.update(call.accounts)
        return again

    def accepted_twice(self) -> int:
        """As the simulator counts it, of campaigns that have no account in common."""
        seen, twice = set(), 0
        for call in list(self.calls):
            for account in call.accepted:
                twice += account in seen
                seen.add(account)
        return twice


class ProviderRelay:
    """A node's line to the simulator: it notes the calls, and can be cut."""

    def __init__(self, node: str, journal: Journal, simulator: int, host: str = "127.0.0.1"):
        self.node, self.journal, self.simulator = node, journal, simulator
        self.is_cut = False
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                relay.pass_on(self)

            def log_message(self, *_):
                pass

        class RelayServer(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # the node was killed, or the line cut: that's what it is for

        self.server = RelayServer((host, 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if self.is_cut:
            handler.close_connection = True
            return
        call = None
        if "/batchsendmsg?" in handler.path:
            accounts = json.loads(body)["To_Account"]
            call = Call(self.node, time.monotonic(), accounts)
            self.journal.add(call)
        # The provider gets it whatever becomes of who sent it.
        upstream = http.client.HTTPConnection("127.0.0.1", self.simulator, timeout=60)
        with contextlib.closing(upstream):
            upstream.request(
                "POST", handler.path, body, {"Content-Type": handler.headers["Content-Type"] or ""}
            )
            response = upstream.getresponse()
            answer = response.read()
        if call:
            said = json.loads(answer)
            refused = {item["To_Account"] for item in said.get("ErrorList", [])}
            failed = said["ActionStatus"] == "FAIL"
            self.journal.settle(
                call, [] if failed else [name for name in accounts if name not in refused]
            )
        if self.is_cut:
            handler.close_connection = True
            return
        handler.send_response(response.status)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Gate:
    """A node's line to a server of the database. Shut, it is silent as a lost network is."""

    def __init__(self, port: int):
        self.upstream, self.port = port, free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.is_open = threading.Event()
        self.is_open.set()
        self.lines: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.lines.append(near)
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near: socket.socket):
        self.is_open.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.upstream), 10)
        except OSError:
            near.close()
            return
        self.lines.append(far)
        other = {near: far, far: near}
        try:
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(1 << 16)
                    self.is_open.wait()
                    if not data:
                        return
                    other[ready].sendall(data)
        except (OSError, ValueError):
            return
        finally:
            for line in (near, far):
                line.close()

    def shut(self):
        self.is_open.clear()

    def open(self):
        self.is_open.set()

    def close(self):
        self.listener.close()
        self.is_open.set()
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
