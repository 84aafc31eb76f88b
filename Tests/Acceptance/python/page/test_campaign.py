"""One campaign: its bar, its failures in words, its timeline, its recipients, and why it stands."""

import json
import re

from playwright.sync_api import expect

from . import scenes
from .bench import accounts
from .case import FULL, PageCase

PIECES = """() => [...document.querySelectorAll('main .bar [data-field^="counts."]')]
    .filter(piece => piece.getBoundingClientRect().width > 0)
    .map(piece => [piece.dataset.field, Number(piece.dataset.value),
        piece.getBoundingClientRect().width, piece.getBoundingClientRect().left,
        piece.getBoundingClientRect().right])"""


class Campaign(PageCase):
    configuration = scenes.CONFIGURATION

    def test_a_campaign_is_printed_as_a_report_of_two_sheets(self):
        bench = self.bench
        failing = [f"{kind}-{n}" for kind in scenes.KINDS for n in range(3)]
        id = bench.campaign(accounts(400) + failing, name="on paper")
        bench.over(id)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.wait_value("state", "completed", f"[data-campaign='{id}']")
            page.wait_for_selector(".bubbles .bubble")
            sheets = page.pdf(format="A4", print_background=True)
            self.assertIn(len(re.findall(rb"/Type\s*/Page\b", sheets)), (1, 2))
            page.emulate_media(media="print")
            expect(page.locator("button:visible, header:visible")).to_have_count(0)
            expect(page.locator("[data-field='failures.70107']")).to_be_visible()
            expect(page.locator(".timeline")).to_be_visible()

    def test_six_codes_are_told_in_words_bars_and_links(self):
        bench = self.bench
        counts = {kind: 3 + number for number, kind in enumerate(scenes.KINDS)}
        names = [f"{kind}-{n}" for kind, count in counts.items() for n in range(count)]
        many = 1_000_000 if FULL else 30_000
        id = bench.campaign(accounts(many) + names, name="six codes")
        bench.over(id)
        failures = bench.shown(id)["failures"]
        self.assertEqual(len(failures), 6)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            within = f"[data-campaign='{id}']"
            visit.wait_value("state", "completed", within)
            for failure in failures:
                code = failure["code"]
                visit.wait_value(f"failures.{code}", failure["count"], within)
                row = page.locator("tr", has=page.locator(f"[data-field='failures.{code}']"))
                expect(row).to_contain_text(str(code))
                # Its meaning in words, and whether it may pass.
                words = row.inner_text()
                if failure["text"]:
                    self.assertIn(failure["text"], words)
                self.assertRegex(words, r"(?i)may pass" if failure["may_pass"] else r"(?i)final")
                self.assertTrue(row.locator(f"a[href*='code={code}']").count())
            # 12 of a million are seen, with gaps of 2 px between the parts.
            pieces = sorted(page.evaluate(PIECES), key=lambda piece: piece[3])
            self.assertEqual({piece[0] for piece in pieces}, {"counts.sent", "counts.failed"})
            for _, value, width, *_ in pieces:
                self.assertGreater(value, 0)
                self.assertGreaterEqual(width, 3)
            for one, other in zip(pieces, pieces[1:]):
                self.assertAlmostEqual(other[3] - one[4], 2, delta=0.6)
            # Every count leads to its recipients.
            page.locator(f"{within} a[href$='status=failed']").first.click()
            expect(page.locator("[data-account]").first).to_be_visible()
            expect(page.locator("[data-account]")).to_have_count(sum(counts.values()))
            page.locator("select[name=code]").select_option(str(failures[0]["code"]))
            page.wait_for_url(re.compile(f"code={failures[0]['code']}"))
            expect(page.locator("[data-account]")).to_have_count(failures[0]["count"])
            page.reload()
            expect(page.locator("[data-account]")).to_have_count(failures[0]["count"])
            shown = bench.shown(id)
            for name in ("created_at", "started_at", "finished_at"):
                self.assertEqual(visit.value(name, within), shown[name])
            self.assertRegex(page.title(), r"^100\s?% six codes · Prod CN$")

    def test_the_percent_is_never_100_before_the_end(self):
        bench = self.bench
        bench.faults(delay_out_ms=[400, 400])
        self.addCleanup(bench.faults)
        id = bench.campaign(accounts(9_999) + ["flaky-1-91000-x"], name="nearly", start=False)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            page.evaluate(
                """id => {
                    window.early = [];
                    window.looks = 0;
                    const look = () => {
                        const main = document.querySelector(`[data-campaign='${id}']`);
                        const state = main?.querySelector('[data-field=state]')?.dataset.value;
                        window.looks += 1;
                        const shown = [...(main?.innerText ?? '').matchAll(/(\\d+)\\s?%/g)][0];
                        if (state && state !== 'completed' && shown?.[1] === '100')
                            window.early.push(`${state} ${shown[0]}`);
                        if (state !== 'completed') requestAnimationFrame(look);
                    };
                    look();
                }""",
                id,
            )
            bench.act(id, "start")
            bench.over(id)
            visit.wait_value("state", "completed", f"[data-campaign='{id}']")
            self.assertEqual(page.evaluate("() => window.early"), [])
            self.assertGreater(page.evaluate("() => window.looks"), 3)

    def test_a_percent_that_is_rounded_up_is_found(self):
        proxy = self.proxy()
        proxy.change("words.js", "Math.floor((100 * part) / whole)", "Math.round((100 * part) / whole)")
        proxy.change("words.js", "Math.min(value, isOver ? 100 : 99)", "value")
        id = self.bench.campaign(accounts(500), name="all but one", messages_per_minute=499)
        self.bench.wait_for(lambda: self.bench.shown(id)["counts"]["sent"] == 499, "the first 499")
        self.bench.act(id, "pause")
        for url, shown in ((self.url, "99"), (proxy.url, "100")):
            with self.visit(url) as visit:
                page = visit.open(f"#/campaigns/{id}")
                visit.wait_value("counts.sent", 499, f"[data-campaign='{id}']")
                self.assertIn(f"{shown}%", page.locator("main").inner_text().replace(" ", "")
                              .replace("\u00a0", ""))
        self.bench.act(id, "cancel")

    # Recipients.

    odd = ["../", "..%2F", "a/b?c#d", "%2F", "😀👩‍👩‍👧", "e\u0301tude", "étude", "x" * 32, "{}", "a b"]

    def test_one_account_is_looked_up_byte_for_byte(self):
        bench = self.bench
        id = bench.campaign(
            ["bonnie", "missing-1", *self.odd] + accounts(40), messages_per_minute=45,
            name="look up",
        )
        bench.wait_for(lambda: bench.shown(id)["counts"]["sent"] >= 40, "most to be sent")
        bench.act(id, "pause")
        with self.visit() as visit:
            visit.expects(r"failed: 404 GET .*/recipients/")
            page = visit.open(f"#/campaigns/{id}")
            statuses = set()
            for account in ["bonnie", "missing-1", *self.odd, *accounts(40)[-2:]]:
                with self.subTest(account):
                    wanted = bench.recipient(id, account)
                    page.locator("[name=account]").fill(account)
                    page.locator("[name=account]").press("Enter")
                    answer = page.locator("form").filter(has=page.locator("[name=account]"))
                    row = answer.locator("[data-account]")
                    expect(row).to_have_attribute("data-account", account)
                    shown = row.evaluate(
                        """row => Object.fromEntries([...row.querySelectorAll('[data-field]')]
                            .map(field => [field.dataset.field, field.dataset.value]))"""
                    )
                    for field in ("status", "code", "attempts", "next_attempt_at", "msg_key"):
                        value = "" if wanted[field] is None else str(wanted[field])
                        self.assertEqual(shown[field], value, field)
                    statuses.add(wanted["status"])
            self.assertIn("sent", statuses)
            for account in ("nobody", "Bonnie", "ÉTUDE"):
                page.locator("[name=account]").fill(account)
                page.locator("[name=account]").press("Enter")
                expect(page.locator("[role=alert]:visible").first).to_contain_text(account)
        bench.act(id, "cancel")

    def test_a_sparse_filter_goes_on_over_empty_pages_and_can_be_stopped(self):
        # A page of the endpoint looks at so many rows and may find none of them.
        many = 1_000_000 if FULL else 30_000
        id = self.bench.campaign(accounts(many) + ["zzz-last"], name="sparse")
        self.bench.over(id)
        failed = self.bench.campaign(accounts(many, "a") + ["missing-1"], name="one failure")
        self.bench.over(failed)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{failed}?status=failed")
            expect(page.locator("[data-account='missing-1']").first).to_be_visible(timeout=60_000)
            pages = [r for r in visit.requests if f"{failed}/recipients?" in r.url]
            print(f"a sparse filter over {many:,} took {len(pages)} pages")
            visit.go(f"#/campaigns/{id}?status=sent")
            expect(page.locator("[data-account]")).to_have_count(100)

    def test_an_endless_search_is_stopped(self):
        id = self.bench.campaign(accounts(5), name="endless")
        self.bench.over(id)
        with self.visit() as visit:
            page = visit.page
            asked = []

            def empty(route):
                asked.append(route.request.url)
                route.fulfill(status=200, content_type="application/json",
                              body=json.dumps({"items": [], "next_cursor": f"c{len(asked)}"}))

            page.route("**/recipients?**", empty)
            visit.open(f"#/campaigns/{id}")
            self.bench.wait_for(lambda: page.evaluate("() => 1") and len(asked) > 5, "six pages")
            page.get_by_role("button", name=re.compile("^stop", re.I)).click()
            expect(page.locator("main")).to_contain_text(re.compile("stopped after", re.I))
            stopped = len(asked)
            visit.settle()
            self.assertLessEqual(len(asked), stopped + 1)


class Messages(PageCase):
    url_of = "https://tracker.test/secret"
    elements = [
        {"MsgType": "TIMTextElem", "MsgContent": {"Text": "line one\nline  two"}},
        {"MsgType": "TIMLocationElem",
         "MsgContent": {"Desc": "the office", "Latitude": 29.34, "Longitude": 116.42}},
        {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 6, "Data": "abc"}},
        {"MsgType": "TIMSoundElem", "MsgContent": {"UUID": "u", "Size": 62_351, "Second": 7,
                                                  "Download_Flag": 2, "Url": url_of}},
        {"MsgType": "TIMImageElem", "MsgContent": {
            "UUID": "u", "ImageFormat": 1, "ImageInfoArray": [
                {"Type": 1, "Size": 1_853_095, "Width": 2_448, "Height": 3_264, "URL": url_of},
                {"Type": 2, "Size": 2_565_240, "Width": 720, "Height": 960, "URL": url_of},
                {"Type": 3, "Size": 355_535, "Width": 198, "Height": 264, "URL": url_of}]}},
        {"MsgType": "TIMFileElem", "MsgContent": {
            "Url": url_of, "UUID": "u", "FileSize": 1_773_552, "FileName": "report.pdf",
            "Download_Flag": 2}},
        {"MsgType": "TIMVideoFileElem", "MsgContent": {
            "VideoUrl": url_of, "VideoUUID": "u", "VideoSize": 1_194_603, "VideoSecond": 5,
            "VideoFormat": "mp4", "VideoDownloadFlag": 2, "ThumbUrl": url_of, "ThumbUUID": "t",
            "ThumbSize": 13_907, "ThumbWidth": 720, "ThumbHeight": 1_280, "ThumbFormat": "JPG",
            "ThumbDownloadFlag": 2}},
        {"MsgType": "TIMCustomElem", "MsgContent": {
            "Desc": "a card", "Data": '{"kind":"coupon","off":20}', "Ext": "ext", "Sound": "ding"}},
    ]

    def test_the_eight_elements_are_shown_and_nothing_of_them_is_loaded(self):
        push = {"PushFlag": 0, "Title": "Lock screen", "Desc": "You have mail"}
        id = self.bench.campaign(accounts(2), message={
            "From_Account": "dave", "MsgBody": self.elements, "OfflinePushInfo": push,
            "MsgLifeTime": 3_600, "SendMsgControl": ["NoUnread"]})
        self.bench.over(id)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            bubbles = page.locator(".bubble")
            expect(bubbles).to_have_count(8)
            wanted = [
                ["line one\nline  two"], ["the office", "29.34", "116.42"], ["6"], ["7", "62"],
                ["2,448", "3,264"], ["report.pdf", "1.8"], ["mp4", "5", "1.2"],
                ["a card", "coupon", "ext", "ding"],
            ]
            for number, parts in enumerate(wanted):
                for part in parts:
                    text = bubbles.nth(number).text_content()
                    self.assertTrue(part in text or part.replace(",", "") in text, (part, text))
            for text in ("dave", "Lock screen", "You have mail"):
                expect(page.locator(".message")).to_contain_text(text)
            self.assertEqual(page.locator("main img, main video, main audio, main iframe").count(), 0)
            self.assertEqual(page.locator(f"main a[href*='tracker']").count(), 0)

    def test_an_unknown_or_malformed_element_is_shown_as_json(self):
        proxy = self.proxy()
        id = self.bench.campaign(accounts(2))
        self.bench.over(id)
        odd = [{"MsgType": "TIMNewElem", "MsgContent": {"Shape": "round"}},
               {"MsgType": "TIMTextElem"}, {"MsgType": "TIMImageElem", "MsgContent": {"ImageInfoArray": 7}},
               {"MsgType": "constructor", "MsgContent": {}}, "text", None]
        proxy.edit(f"/v1/campaigns/{id}", lambda answer: answer | {"message": {"MsgBody": odd}})
        with self.visit(proxy.url) as visit:
            page = visit.open(f"#/campaigns/{id}")
            expect(page.locator(".bubble")).to_have_count(6)
            expect(page.locator(".bubble").first).to_contain_text("TIMNewElem")
            expect(page.locator(".bubble").first).to_contain_text("round")
