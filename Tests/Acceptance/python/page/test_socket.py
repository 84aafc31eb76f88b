"""A Unix socket that ssh forwards to a port: no token is asked for, so other pages must be kept out."""

import http.client
import http.server
import socket
import socketserver
import threading

from .bench import Bench, accounts
from .case import EXECUTABLE, FOLDER, PageCase, browser, launch
from .proxy import Proxy


class Forward(socketserver.ThreadingTCPServer):
    """What `ssh -L PORT:/run/fanoutd/socket` does: bytes go to and fro unread."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: str):
        super().__init__(("127.0.0.1", 0), ForwardHandler)
        self.path = path
        self.port = self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class ForwardHandler(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.socket(socket.AF_UNIX) as inner:
            inner.connect(self.server.path)
            back = threading.Thread(target=self.copy, args=(inner, self.request), daemon=True)
            back.start()
            self.copy(self.request, inner)
            back.join()

    def copy(self, source, target):
        try:
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            # Either side may have gone; the other is closed with it.
            for end in (source, target):
                end.close()


class SocketBench(Bench):
    """A daemon that listens on a Unix socket only; the tests themselves go through the forward."""

    def __init__(self, executable):
        super().__init__(executable)
        path = self.folder / "fanoutd.yaml"
        socket_path = str(self.folder / "socket")
        text = path.read_text().replace(f"127.0.0.1:{self.port}", f"unix:{socket_path}", 1)
        path.write_text(text)
        self.forward = Forward(socket_path)
        self.port = self.forward.port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.forward.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.forward.__exit__(*error)


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another page on the same machine."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = b"<!DOCTYPE html><title>neighbour</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class UnixSocket(PageCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = cls.enterClassContext(SocketBench(EXECUTABLE))
        cls.url = cls.bench.url
        if FOLDER:
            cls.url = cls.enterClassContext(Proxy(cls.bench, FOLDER)).url

    def test_the_page_asks_for_no_token(self):
        id = self.bench.campaign(accounts(5))
        self.bench.over(id)
        with self.visit(token="") as visit:
            visit.open(f"#/campaigns/{id}")
            visit.wait_value("counts.sent", 5, f"[data-campaign='{id}']")
            self.assertEqual(visit.page.locator("input[name=token]").count(), 0)

    def test_another_page_on_the_machine_can_do_nothing(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        context = browser().new_context()
        self.addCleanup(context.close)
        page = context.new_page()
        statuses = {}
        page.on(
            "response",
            lambda answer: statuses.setdefault(
                (answer.request.method, answer.url.removeprefix(self.bench.url)), answer.status
            ),
        )
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        for method, path in (("POST", "/v1/pause"), ("GET", "/v1/quota")):
            page.evaluate(
                "([url, method]) => fetch(url, { method, mode: 'no-cors' }).catch(() => 0)",
                [self.bench.url + path, method],
            )
            self.assertEqual(statuses[method, path], 403)
        self.assertEqual(self.bench.get("/v1/quota")["state"], "running")

    def test_a_name_that_was_bound_to_this_machine_is_refused(self):
        rules = "--host-resolver-rules=MAP evil.test 127.0.0.1"
        rebound = launch(rules)
        self.addCleanup(rebound.close)
        page = rebound.new_page()
        for path in ("/", "/v1/quota"):
            answer = page.goto(f"http://evil.test:{self.bench.port}{path}")
            self.assertEqual(answer.status, 403)

    def test_a_browser_and_curl_are_told_apart_by_their_headers(self):
        host = f"127.0.0.1:{self.bench.port}"
        rows = [
            ({}, 200),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": f"http://{host}"}, 200),
            ({"Origin": "http://localhost:9999"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "same-origin", "Host": "evil.test"}, 403),
            ({"Origin": "http://evil.test", "Host": "evil.test"}, 403),
        ]
        for headers, status in rows:
            with self.subTest(headers):
                link = http.client.HTTPConnection("127.0.0.1", self.bench.port, timeout=20)
                link.request("GET", "/v1/quota", headers={"Host": host} | headers)
                answer = link.getresponse()
                body = answer.read()
                self.assertEqual(answer.status, status)
                if status == 403 and "Host" not in headers:
                    self.assertIn(b"cross-site", body)
                link.close()
