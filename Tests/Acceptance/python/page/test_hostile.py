"""Hostile texts, tokens that must not get out, and what the page's files refuse."""

import gzip
import http.client
import http.server
import json
import threading

from playwright.sync_api import expect

from .bench import accounts
from .case import PageCase, browser

NAMES = [
    "<script>window.pwned = 1</script>",
    "\"><img src=x onerror=window.pwned=1>",
    "'><svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "abc\u202egnp.exe",
    "zero\u200bwidth\u200djoiner\ufeff",
    "{{7*7}}${7*7}",
    "n" * 200,
    "漢" * 66,
    "__proto__",
    "constructor",
]
ACCOUNTS = ["<b>x</b>", "\"><img onerror=window.pwned=1>", "javascript:window.pwned=1", "a\u202eb",
            "z\u200b\u200dw", "y" * 32, "missing-<i>", "__proto__"]


class Hostile(PageCase):
    def calm(self, page):
        self.assertIsNone(page.evaluate("() => window.pwned ?? null"))
        self.assertEqual(page.locator("main img, main script, main iframe, main b script").count(), 0)

    def test_hostile_names_and_accounts_are_texts(self):
        text = NAMES[0] + NAMES[1]
        ids = {}
        for name in NAMES:
            ids[name] = self.bench.campaign(ACCOUNTS, name=name, message={
                "From_Account": "dave\"><img onerror=window.pwned=1>"[:32],
                "MsgBody": [
                    {"MsgType": "TIMTextElem", "MsgContent": {"Text": text + "\u202e\u0007"}},
                    {"MsgType": "TIMCustomElem", "MsgContent": {
                        "Data": json.dumps({"x": text}), "Desc": text, "Ext": text}},
                    {"MsgType": "TIMFileElem", "MsgContent": {
                        "Url": "javascript:window.pwned=1", "UUID": "u", "FileSize": 1,
                        "FileName": text, "Download_Flag": 2}},
                ],
                "OfflinePushInfo": {"Title": text, "Desc": text},
                "CloudCustomData": text,
            })
            self.bench.over(ids[name])
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            expect(page.locator("main [data-campaign]").first).to_be_visible()
            for name in NAMES[:4] + NAMES[6:]:
                expect(page.locator(f"[data-campaign='{ids[name]}']")).to_contain_text(name)
            self.calm(page)
            for name in NAMES:
                visit.go(f"#/campaigns/{ids[name]}")
                expect(page.locator("[data-account]")).to_have_count(len(ACCOUNTS))
                self.calm(page)
                title = page.locator("h1").inner_text()
                for hidden in "\u202e\u200b\ufeff":
                    self.assertNotIn(hidden, title)
                    self.assertNotIn(hidden, page.title())
                if "\u202e" in name:
                    self.assertIn("⟨U+202E⟩", title)
            expect(page.locator("[data-account='z\u200b\u200dw']").first).to_contain_text("⟨U+200B⟩")
            # Names and accounts have a direction of their own.
            for account in page.locator("[data-account] [data-field=account]").all():
                self.assertEqual(account.evaluate("node => node.closest('bdi')?.tagName"), "BDI")
            self.assertEqual(page.locator("h1 bdi").count(), 1)
            visit.go(f"#/new?from={ids[NAMES[0]]}")
            self.calm(page)
            visit.go("#/")
            self.calm(page)

    def test_hostile_words_of_the_daemon_are_texts(self):
        attack = "<img src=x onerror=window.pwned=1>\u202e"
        id = self.bench.campaign(["missing-1", "bonnie"], name="calm")
        self.bench.over(id)
        proxy = self.proxy()
        proxy.edit("/v1/quota", lambda answer: answer | {
            "state": "halted", "config_error": attack, "remedy": attack, "since": None,
            "reason": {"code": 12345, "text": attack}})
        proxy.edit("/v1/session", lambda answer: answer | {"title": attack, "caller": attack})
        proxy.edit(f"/v1/campaigns/{id}", lambda answer: answer | {
            "state": "halted", "reason": {"code": 12345, "text": attack},
            "failures": [{"code": 12345, "count": 1, "text": attack, "may_pass": False}]})
        proxy.edit(f"/v1/campaigns/{id}/explain", lambda answer: answer | {
            "causes": [{"cause": "new_cause", "text": attack, "until": None, "remedy": attack}]})
        proxy.edit(f"/v1/campaigns/{id}/recipients", lambda answer: answer | {
            "items": [{**item, "info": attack, "code": 12345, "msg_key": attack}
                      for item in answer["items"]]})
        with self.visit(proxy.url) as visit:
            page = visit.open()
            expect(page.locator("main")).to_contain_text("onerror")
            self.calm(page)
            visit.go(f"#/campaigns/{id}")
            expect(page.locator("[data-account]").first).to_contain_text("onerror")
            self.calm(page)
            page.evaluate("() => { delete window.pwned }")
            proxy.edits.clear()
            visit.page.goto("about:blank")

    def test_markup_that_is_set_as_such_would_be_refused_by_the_policy(self):
        proxy = self.proxy()
        proxy.change("app.js", "start();",
                     "document.getElementById('status').innerHTML = '<b>x</b>'; start();")
        with self.visit(proxy.url, token="") as visit:
            visit.expects(r"TrustedHTML|trusted")
            visit.page.goto(proxy.url + "/")
            self.bench.wait_for(
                lambda: visit.page.evaluate("() => 1") and visit.faults, "the policy's refusal")

    def test_a_cookie_or_a_foreign_request_would_be_found(self):
        for line, fault in (
            ("document.cookie = 'token=1';", "cookies"),
            ("fetch('https://example.test/');", "policy|another origin"),
            ("localStorage.setItem('token', '1');", "localStorage"),
        ):
            with self.subTest(fault):
                proxy = self.proxy()
                proxy.change("app.js", "start();", line + " start();")
                with self.assertRaisesRegex(AssertionError, fault):
                    with self.visit(proxy.url) as visit:
                        visit.open()

    def test_a_wrong_number_would_be_found(self):
        proxy = self.proxy()
        self.bench.over(self.bench.campaign(accounts(7), name="wrong"))
        id = self.bench.get("/v1/campaigns?limit=1")["items"][0]["id"]
        proxy.edit(f"/v1/campaigns/{id}", lambda answer: answer | {
            "counts": answer["counts"] | {"sent": 6, "failed": 1}})
        with self.assertRaisesRegex(AssertionError, "disagrees"):
            with self.visit(proxy.url) as visit:
                visit.patience = 3
                visit.open(f"#/campaigns/{id}")
                visit.wait_value("counts.sent", 6, f"[data-campaign='{id}']")


class Files(PageCase):
    names = ["/", "/app.js", "/app.css", "/theme.js", "/icon.svg", "/zh.js"]

    def ask(self, path, method="GET", **headers):
        link = http.client.HTTPConnection("127.0.0.1", self.bench.port, timeout=20)
        self.addCleanup(link.close)
        link.request(method, path, headers={name.replace("_", "-"): v for name, v in headers.items()})
        answer = link.getresponse()
        return answer, answer.read()

    def test_the_page_s_files_need_no_token_and_come_with_their_policy(self):
        for name in self.names:
            with self.subTest(name):
                answer, body = self.ask(name)
                self.assertEqual(answer.status, 200)
                self.assertTrue(body)
                policy = answer.getheader("Content-Security-Policy")
                for part in ("default-src 'none'", "script-src 'self'", "connect-src 'self'",
                             "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
                             "require-trusted-types-for 'script'", "trusted-types 'none'"):
                    self.assertIn(part, policy)
                self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
                self.assertEqual(answer.getheader("Referrer-Policy"), "no-referrer")
                self.assertEqual(answer.getheader("Cross-Origin-Resource-Policy"), "same-origin")
                self.assertEqual(answer.getheader("Cache-Control"), "no-cache")
                self.assertIsNone(answer.getheader("Set-Cookie"))
                tag = answer.getheader("ETag")
                self.assertTrue(tag.startswith('"'))
                again, body = self.ask(name, If_None_Match=tag)
                self.assertEqual((again.status, body), (304, b""))

    def test_they_are_packed_where_that_is_accepted(self):
        for name in ("/app.js", "/app.css", "/"):
            plain, text = self.ask(name)
            packed, body = self.ask(name, Accept_Encoding="gzip")
            self.assertEqual(packed.getheader("Content-Encoding"), "gzip")
            self.assertEqual(gzip.decompress(body), text)
            self.assertNotEqual(packed.getheader("ETag"), plain.getheader("ETag"))

    def test_they_can_only_be_read(self):
        for name in self.names[:2]:
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                answer, _ = self.ask(name, method)
                self.assertEqual(answer.status, 405)
                self.assertIn("GET", answer.getheader("Allow"))
            answer, body = self.ask(name, "HEAD")
            self.assertEqual((answer.status, body), (200, b""))

    def test_another_host_gets_none_of_them(self):
        for name in self.names[:2]:
            answer, _ = self.ask(name, Host="evil.test")
            self.assertEqual(answer.status, 403)

    def test_no_page_may_frame_it(self):
        frame = f"<!DOCTYPE html><iframe src='{self.bench.url}/'></iframe>".encode()

        class Framer(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(frame)))
                self.end_headers()
                self.wfile.write(frame)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Framer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        context = browser().new_context()
        self.addCleanup(context.close)
        page = context.new_page()
        refusals = []
        page.on("console", lambda message: refusals.append(message.text))
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        self.bench.wait_for(
            lambda: page.evaluate("() => 1") and any("frame" in text for text in refusals),
            "the refusal")
        inner = [frame for frame in page.frames if frame != page.main_frame]
        self.assertTrue(all("fanoutd" not in frame.content() for frame in inner))
