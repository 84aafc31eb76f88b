"""A new campaign: its message, its recipients, what it takes, a test, and its start."""

import gzip
import json
import re

from playwright.sync_api import expect

from .bench import TEXT, accounts
from .case import FULL, PageCase

MESSAGE = {
    "From_Account": "dave",
    "SyncOtherMachine": 2,
    "MsgBody": [TEXT, {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "x"}}],
    "CloudCustomData": "kept as it is: 1e3 \\u00e9",
    "OfflinePushInfo": {"PushFlag": 0, "Title": "Hello", "Desc": "You have mail", "Ext": "{}"},
}


class Compose(PageCase):
    def begin(self, visit, text="hi, beauty", recipients=None):
        page = visit.open("#/new")
        page.locator("[name=text]").fill(text)
        if recipients is not None:
            page.locator("[name=recipients]").fill("\n".join(recipients))
        return page

    def document(self, page) -> dict:
        return json.loads(page.locator("textarea[name=message]").input_value())

    def choose(self, page, name: str, data: bytes):
        page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        )

    def found(self, visit, field: str, value):
        visit.wait_value(field, value)

    # The message.

    def test_form_and_json_are_one_document_and_lose_nothing(self):
        with self.visit() as visit:
            page = visit.open("#/new")
            json_field = page.locator("textarea[name=message]")
            written = json.dumps(MESSAGE, ensure_ascii=False).replace(
                '"SyncOtherMachine": 2', '"SyncOtherMachine": 2, "MsgLifeTime": 6.048e5'
            )
            json_field.fill(written)
            expect(page.locator("[name=text]")).to_have_value("hi, beauty")
            expect(page.locator("[name=sender]")).to_have_value("dave")
            page.locator("[name=text]").fill("你好\n\"quoted\" \\ 👩‍👩‍👧")
            page.locator("[name=push_title]").fill("")
            document = self.document(page)
            wanted = json.loads(written)
            wanted["MsgBody"][0] = TEXT | {"MsgContent": {"Text": "你好\n\"quoted\" \\ 👩‍👩‍👧"}}
            del wanted["OfflinePushInfo"]["Title"]
            self.assertEqual(document, wanted)
            # A number that nobody touched stands as it was written.
            self.assertIn("6.048e5", json_field.input_value())
            json_field.fill('{"MsgBody": [')
            expect(page.locator(".fault:visible").first).to_be_visible()

    def test_a_fault_of_the_message_stands_beside_its_field(self):
        with self.visit() as visit:
            visit.expects(r"failed: 422 POST .*/v1/plan")
            page = self.begin(visit, recipients=["bonnie", "rong"])
            page.locator("[name=sender]").fill("x" * 40)
            field = page.locator("[name=sender]")
            expect(field).to_have_attribute("aria-invalid", "true")
            page.locator("[name=sender]").fill("dave")
            expect(field).not_to_have_attribute("aria-invalid", "true")

    def test_a_campaign_is_cloned_from_another(self):
        id = self.bench.campaign(accounts(3), message=MESSAGE, priority="high", name="the first")
        self.bench.over(id)
        with self.visit() as visit:
            page = visit.open(f"#/new?from={id}")
            expect(page.locator("[name=text]")).to_have_value("hi, beauty")
            self.assertEqual(self.document(page), MESSAGE)
            expect(page.locator("[name=priority]")).to_have_value("high")

    # The recipients.

    def test_files_are_read_before_anything_is_sent(self):
        names = accounts(1_000)
        lines = "\n".join(names).encode()
        quoted = "\n".join(json.dumps(name) for name in names).encode()
        objects = "\n".join(json.dumps({"account": name}) for name in names).encode()
        rows = [
            ("to.txt", lines, 1_000),
            ("to.txt", b"\xef\xbb\xbf" + lines, 1_000),
            ("to.txt", lines.replace(b"\n", b"\r\n") + b"\r\n\r\n", 1_000),
            ("to.csv", b"name,account\n" + b"".join(b"x,%s\n" % name.encode() for name in names),
             1_000),
            ("to.csv", lines, 1_000),
            ("to.ndjson", quoted, 1_000),
            ("to.ndjson", objects, 1_000),
            ("to.txt.gz", gzip.compress(lines), 1_000),
            ("to.csv.gz", gzip.compress(b"account\n" + lines), 1_000),
        ]
        with self.visit() as visit:
            page = visit.open("#/new")
            for name, data, count in rows:
                with self.subTest(name):
                    self.choose(page, name, data)
                    visit.wait_value("count", count)
                    visit.wait_value("mean_account_bytes", 12)
                    self.choose(page, "empty.txt", b"\n")
                    visit.wait_value("count", 0)
            posts = [r.url for r in visit.requests if r.method == "POST"]
            self.assertEqual({url.rpartition("/")[2] for url in posts} - {"plan"}, set())

    def test_a_file_s_oddities_are_said(self):
        with self.visit() as visit:
            page = visit.open("#/new")
            self.choose(page, "gbk.txt", "张三\n李四\n".encode("gbk"))
            expect(page.locator("main")).to_contain_text(re.compile("GBK"))
            self.choose(page, "odd.txt", b"good\n\n\n" + b"x" * 33 + b"\n" + b"y" * 70_000)
            visit.wait_value("blank", 2)
            visit.wait_value("long", 2)
            visit.wait_value("count", 1)
            self.choose(page, "empty.txt", b"")
            expect(page.locator("[data-field='count']")).to_have_count(0)

    def test_a_long_file_is_counted_with_progress_and_sent_after_it_broke_off(self):
        count = 1_000_000 if FULL else 150_000
        names = accounts(count)
        data = "\n".join(names).encode()
        path = self.bench.folder / "long.txt"
        path.write_bytes(data + b"\n" + b"\n".join(name.encode() for name in names[:100]))
        with self.visit() as visit:
            visit.expects(r"failed: net::ERR_FAILED POST .*recipients")
            page = self.begin(visit)
            page.locator("input[type=file]").set_input_files(path)
            visit.wait_value("count", count + 100)
            page.wait_for_selector("[data-field=batches]", state="attached")
            page.locator("[name=name]").last.fill("a long one")
            broken = []

            def break_off(route):
                broken.append(route.request.url)
                route.abort("failed")

            page.route("**/recipients", break_off)
            self.create(visit)
            expect(page.locator("[role=alert]:visible").first).to_be_visible()
            self.assertEqual(len(broken), 1)
            id = broken[0].split("/")[-2]
            self.assertEqual(self.bench.shown(id)["counts"]["total"], 0)
            # A route is only followed while the browser is asked something.
            page.unroute("**/recipients", break_off)
            self.create(visit)
            self.bench.wait_for(
                lambda: self.bench.shown(id)["counts"]["total"] == count, "the upload"
            )
            # The draft is the same one: sent again is not sent twice.
            drafts = self.bench.get("/v1/campaigns?state=draft&message=false")["items"]
            self.assertEqual([d["id"] for d in drafts if d["name"] == "a long one"], [id])
            verb = visit.action("start").first
            expect(verb).to_be_enabled()
            visit.wait_value("duplicates", 100)
        self.bench.act(id, "cancel")

    def create(self, visit):
        verb = visit.action("create").first
        expect(verb).to_be_enabled()
        verb.click()

    # The check, the test, and the start.

    def test_what_it_takes_is_said_before_anything_is_stored(self):
        before = self.bench.get("/v1/campaigns?limit=1000&message=false")["totals"]
        with self.visit() as visit:
            page = self.begin(visit)
            self.choose(page, "to.txt", "\n".join(accounts(1_300)).encode())
            visit.wait_value("batches", 3)
            page.wait_for_selector("[data-field=seconds]", state="attached")
            after = self.bench.get("/v1/campaigns?limit=1000&message=false")["totals"]
            self.assertEqual(after, before)

    def test_a_test_shows_what_became_of_each(self):
        with self.visit() as visit:
            page = self.begin(visit)
            page.locator("[name=account]").fill("missing-1\nbonnie")
            visit.action("test").click()
            for account, status, code in (("bonnie", "sent", 0), ("missing-1", "failed", 70107)):
                visit.wait_value("status", status, f"[data-account='{account}']")
            within = "[data-account='missing-1']"
            self.assertEqual(visit.value("code", within), "70107")
            expect(page.locator(f"{within} [data-field=code]")).to_contain_text("70107")
            newest = self.bench.get("/v1/campaigns?limit=1")["items"][0]
            self.assertTrue(newest["name"].startswith("Test · "))
            self.assertEqual(newest["priority"], "high")

    def test_more_than_ten_are_no_test(self):
        with self.visit() as visit:
            page = self.begin(visit)
            page.locator("[name=account]").fill("\n".join(accounts(11)))
            visit.action("test").click()
            expect(page.locator("[role=alert]:visible").first).to_be_visible()
            self.assertFalse([r for r in visit.requests if r.method == "POST"
                              and r.url.endswith("/campaigns")])

    def test_a_campaign_is_written_checked_and_started(self):
        with self.visit() as visit:
            page = self.begin(visit, "sale", accounts(20) + ["user-0000001"])
            page.locator("[name=name]").last.fill("Spring sale")
            visit.wait_value("batches", 1)
            self.create(visit)
            verb = visit.action("start").first
            expect(verb).to_be_enabled()
            expect(verb).to_contain_text("20")
            creations = [r for r in visit.requests if r.method == "POST"
                         and r.url.endswith("/campaigns")]
            self.assertEqual(len(creations), 1)
            self.assertTrue(creations[0].headers.get("idempotency-key"))
            verb.click()
            page.wait_for_url(re.compile(r"#/campaigns/[0-9a-f-]{36}"))
            id = page.url.rpartition("/")[2]
            visit.wait_value("counts.sent", 20, f"[data-campaign='{id}']")
            shown = self.bench.shown(id)
            self.assertEqual(shown["name"], "Spring sale")
            self.assertEqual(shown["message"]["MsgBody"][0]["MsgContent"]["Text"], "sale")

    def test_a_draft_that_was_left_is_taken_up_again(self):
        id = self.bench.campaign(accounts(6), start=False, name="left behind")
        with self.visit() as visit:
            page = visit.open("#/new")
            page.locator(f"a[href*='{id}']").first.click()
            expect(page.locator("[name=text]")).to_have_value("hi, beauty")
            verb = visit.action("start").first
            expect(verb).to_be_enabled()
            verb.click()
            page.wait_for_url(re.compile(rf"#/campaigns/{id}"))
            visit.wait_value("counts.sent", 6, f"[data-campaign='{id}']")

    def test_a_fault_of_the_settings_stands_beside_its_field(self):
        with self.visit() as visit:
            visit.expects(r"failed: 422 POST .*/v1/campaigns")
            page = self.begin(visit, recipients=accounts(3))
            field = page.locator("[name=messages_per_minute]")
            field.fill("99999999")
            self.create(visit)
            expect(field).to_have_attribute("aria-invalid", "true")
