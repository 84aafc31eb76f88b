"""A proxy in front of a daemon: it changes the page's files, edits answers and breaks streams."""

import http.client
import http.server
import json
import mimetypes
import pathlib
import re
import threading
import urllib.parse

# What a standby answers as the leader does, of the routes that need a token.
STANDBY_ROUTES = {"/v1/quota", "/v1/session", "/v1/explain"}
QUOTA = "/v1/quota"
# Nothing is counted while another node sends.
UNCOUNTED = {"state": "standby", "in_flight": 0} | dict.fromkeys(
    ("window", "window_used", "next_call_at", "pace", "reason", "until", "remedy")
)
# An event comes as one piece: it is shorter than what a socket takes at once.
QUOTA_EVENT = re.compile(rb"(?<=event: quota\ndata: )\{.*\}(?=\n\n)")
MEANS_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Proxy(http.server.ThreadingHTTPServer):
    """Use it in a `with` statement; `url` is where a browser finds it.

    Of a page's file (`change`) and of a JSON answer (`edit`) a test says what becomes of it; with
    `folder` the page's files come from there instead of from the daemon.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, daemon, folder: str | None = None, prefix: str = ""):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = daemon.port
        self.folder = pathlib.Path(folder) if folder else None
        self.prefix = prefix
        self.changes = {}
        self.edits = {}
        # As whom the daemon answers `cluster`, as with PostgreSQL; None as it does by itself.
        self.cluster = None
        # Changes that found nothing to change.
        self.missing = []
        self.cut = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}{prefix}"

    def change(self, name: str, old: str, new: str):
        """The page's file `name` is served with `new` in the place of `old`, which must be there."""

        self.changes.setdefault(name, []).append((old, new))

    def edit(self, path: str, change):
        """The JSON answer of `path` goes through `change`, and so do events of the quota."""
        self.edits[path] = change

    def edits_of(self, path: str) -> list:
        """What a JSON answer goes through."""
        edits = [self.edits[path]] if path in self.edits else []
        if self.cluster and path == QUOTA:
            more = {"cluster": self.cluster} | (UNCOUNTED if self.is_standby else {})
            edits.append(lambda answer: answer | more)
        return edits

    def edited(self, path: str, body: bytes) -> bytes:
        edits = self.edits_of(path)
        if not edits:
            return body
        document = json.loads(body)
        for edit in edits:
            document = edit(document)
        return json.dumps(document).encode()

    @property
    def is_standby(self) -> bool:
        return bool(self.cluster) and self.cluster["role"] == "standby"

    def is_refused(self, path: str) -> bool:
        """Whether a standby leaves the route to its leader."""
        return self.is_standby and path.startswith("/v1/") and path not in STANDBY_ROUTES

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.cut.set()
        self.shutdown()
        self.server_close()
        assert not self.missing, self.missing

    def handle_error(self, request, client_address):
        """A browser that has gone, or a daemon that was killed, is what these tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.forward()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def forward(self):
        server = self.server
        if not self.path.startswith(server.prefix + "/"):
            return self.send_error(404)
        path = self.path[len(server.prefix) :]
        bare = urllib.parse.urlsplit(path).path
        if server.is_refused(bare):
            return self.refuse(server.cluster["leader"])
        name = bare.lstrip("/") or "index.html"
        changes = name in server.changes or bool(server.edits_of(bare))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in MEANS_CONNECTION}
        if changes or server.folder:
            headers = {
                name: value
                for name, value in headers.items()
                if name.lower() not in ("accept-encoding", "if-none-match")
            }
        link = http.client.HTTPConnection("127.0.0.1", server.target, timeout=60)
        try:
            length = int(self.headers.get("Content-Length") or 0)
            link.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            link.putheader("Host", f"127.0.0.1:{server.target}")
            for header, value in headers.items():
                link.putheader(header, value)
            if length or self.command in ("POST", "PUT", "PATCH"):
                link.putheader("Content-Length", str(length))
            link.endheaders()
            while length and (piece := self.rfile.read1(min(length, 65_536))):
                link.send(piece)
                length -= len(piece)
            self.answer(link.getresponse(), bare, name)
        finally:
            link.close()

    def answer(self, response, bare: str, name: str):
        server = self.server
        status, headers = response.status, response.getheaders()
        local = server.folder / name if server.folder and self.command == "GET" else None
        if local and local.is_file():
            body = local.read_bytes()
            if status != 200:
                status, headers = 200, page_headers()
            headers = [(k, v) for k, v in headers if k.lower() not in ("content-type", "etag")]
            headers.append(("Content-Type", mimetypes.guess_type(name)[0] or "text/plain"))
        elif "text/event-stream" in (response.getheader("Content-Type") or ""):
            return self.stream(response, status, headers)
        else:
            body = None if self.command == "HEAD" else response.read()
        if name in server.changes and self.command == "GET":
            text = body.decode()
            for old, new in server.changes[name]:
                if old not in text:
                    server.missing.append(f"{name} has no {old!r}")
                text = text.replace(old, new)
            body = text.encode()
            headers = [(k, v) for k, v in headers if k.lower() != "etag"]
        if self.command == "GET" and status == 200:
            body = server.edited(bare, body)
        self.head(status, headers)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if body:
            self.wfile.write(body)

    def refuse(self, leader: str | None):
        body = json.dumps({
            "type": "urn:fanoutd:problem:standby", "title": "This node stands by", "status": 503,
            "detail": "This node stands by; ask the leader.", "leader": leader}).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.head(503, [("Content-Type", "application/problem+json"), ("Retry-After", "5")])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def head(self, status, headers):
        self.send_response_only(status)
        for header, value in headers:
            if header.lower() not in MEANS_CONNECTION:
                self.send_header(header, value)

    def stream(self, response, status, headers):
        """Passes events on as they come; once cut, it ends in the middle of one.

        None begins while it is cut, so that a page that tries again stays without.
        """
        server = self.server
        self.close_connection = True
        if server.cut.is_set():
            return
        self.head(status, headers)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := response.read1(65_536):
            # A leader's stream tells of it until it ends.
            if not server.is_standby:
                piece = QUOTA_EVENT.sub(lambda event: server.edited(QUOTA, event[0]), piece)
            if server.cut.is_set():
                piece = piece[: len(piece) // 2]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            if server.cut.is_set():
                return
        self.wfile.write(b"0\r\n\r\n")


def page_headers():
    """What the daemon sends with a page's file, for one that it doesn't have yet."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-cache"),
    ]
