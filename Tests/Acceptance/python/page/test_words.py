"""English and Chinese, zones and clocks."""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from playwright.sync_api import expect

from .bench import Bench, FAST, accounts
from .case import EXECUTABLE, PageCase, TOP

# What stays English in a Chinese page: names of formats, fields and products, and what is quoted.
NAMED = set(
    """
    App UTC JSON CSV NDJSON UTF GBK MsgKey UserID TXT ID URL SDKAppID API curl Prod CN fanoutd
    From_Account MsgBody Desc Data Ext Sound owner token MB KB Enter Escape Esc English gz
    """.split()
)
# Seconds to a start: for almost a minute they are 17 minutes and a bit.
WAIT = 17 * 60 + 59
SHOWN = """() => {
    const texts = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
        const parent = node.parentElement;
        if (parent.closest('[lang=en], bdi, code, pre, textarea, time, kbd, [hidden], .bubble,'
            + ' option[lang], script, noscript')) continue;
        if (parent.getClientRects().length && node.data.trim()) texts.push(node.data.trim());
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
        if (element.closest('[lang=en], [hidden], time')) continue;
        for (const name of ['aria-label', 'title', 'placeholder'])
            if (element.getAttribute(name)) texts.push(element.getAttribute(name));
    }
    return texts;
}"""


def english_words(texts) -> set[str]:
    return {
        word
        for text in texts
        for word in re.findall(r"[A-Za-z][A-Za-z_]{2,}", text)
        if word not in NAMED and not re.search(r"https?:|@", text)
    }


class Chinese(PageCase):
    def tables(self, change=None):
        """Both tables of words, which the page keeps to itself, through a proxy that lets them out."""
        proxy = self.proxy()
        proxy.change("words.js", "const english", "export const english")
        if change:
            proxy.change("zh.js", *change)
        with self.visit(proxy.url, token="") as visit:
            visit.expects("failed: 401 ")
            visit.page.goto(proxy.url + "/")
            visit.page.locator("input[name=token]").wait_for()
            return visit.page.evaluate(
                """async () => [(await import('./words.js')).english,
                    (await import('./zh.js')).default]"""
            )

    def differences(self, english: dict, chinese: dict) -> list[str]:
        def bare(table):
            # English has one and other, Chinese needs the one form.
            found = {}
            for key, text in table.items():
                found.setdefault(key.split("|")[0], set()).update(re.findall(r"\{\w+\}", text))
            return found

        one, other = bare(english), bare(chinese)
        faults = [f"only one table has {key}" for key in sorted(set(one) ^ set(other))]
        return faults + [
            f"{key} has {sorted(one[key])} and {sorted(other[key])}"
            for key in sorted(set(one) & set(other))
            if one[key] != other[key]
        ]

    def test_both_tables_have_the_same_keys_and_placeholders(self):
        english, chinese = self.tables()
        self.assertGreater(len(english), 150)
        self.assertEqual(self.differences(english, chinese), [])
        self.assertEqual([key for key, text in chinese.items() if not text.strip()], [])
        # Each is found when it is missing.
        key = next(key for key, text in chinese.items() if "{" in text)
        without = {name: text for name, text in chinese.items() if name != key}
        self.assertTrue(self.differences(english, without))
        self.assertTrue(self.differences(english, chinese | {key: "没有"}))

    def test_every_key_that_the_page_asks_for_exists(self):
        english, _ = self.tables()
        known = {key.split("|")[0] for key in english}
        page = TOP / "Sources" / "CPage" / "page"
        missing = set()
        for path in page.glob("*.js"):
            if path.name in ("zh.js", "words.js"):
                continue
            for key in re.findall(r"""(?<![\w.$])t\(\s*["']([\w. ?/-]+)["']""", path.read_text()):
                if key not in known:
                    missing.add(f"{path.name}: {key}")
        self.assertEqual(missing, set())

    def test_no_english_word_is_left(self):
        bench = self.bench
        done = bench.campaign(accounts(40) + accounts(3, "missing"), name="双十一")
        bench.over(done)
        draft = bench.campaign(accounts(4), name="草稿", start=False)
        running = bench.campaign(accounts(40), name="进行中", messages_per_minute=1)
        with self.visit(locale="zh-CN") as visit:
            page = visit.open()
            self.assertEqual(page.get_attribute("html", "data-lang"), "zh")
            self.assertTrue(page.get_attribute("html", "lang").startswith("zh"))
            routes = ["#/", "#/campaigns", "#/new", f"#/campaigns/{done}", f"#/campaigns/{draft}",
                      f"#/campaigns/{running}"]
            for route in routes:
                with self.subTest(route):
                    visit.go(route)
                    expect(page.locator("h1")).to_be_visible()
                    self.assertEqual(english_words(page.evaluate(SHOWN)), set())
            for action in ("cancel", "pause"):
                visit.go(f"#/campaigns/{running}")
                visit.action(action).first.click()
                self.assertEqual(english_words(page.evaluate(SHOWN)), set())
                page.keyboard.press("Escape")
            visit.menu()
            self.assertEqual(english_words(page.evaluate(SHOWN)), set())
            self.assertEqual(english_words(["Cancel 取消 JSON"]), {"Cancel"})

    def test_the_language_is_chosen_by_a_switch_and_kept(self):
        with self.visit(locale="zh-CN") as visit:
            page = visit.open("#/campaigns")
            heading = page.locator("h1").inner_text()
            visit.menu().locator("select[name=lang]").select_option("en")
            page.wait_for_selector("html[data-lang=en]", state="attached")
            expect(page.locator("h1")).not_to_have_text(heading)
            page.reload()
            visit.wait_live()
            self.assertEqual(page.get_attribute("html", "data-lang"), "en")
            kept = page.evaluate("() => Object.keys(localStorage)")
            self.assertEqual(kept, ["lang"])


class ShiftedBench(Bench):
    """A machine whose clock is off by so many seconds, the provider's as well."""

    def __init__(self, executable, seconds: int):
        super().__init__(executable, FAST, ("--window", "off"))
        library = self.folder / "clock_shift.so"
        source = pathlib.Path(__file__).with_name("clock_shift.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        self.environment = os.environ | {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(seconds)}

    def start(self, *arguments: str) -> subprocess.Popen:
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(
                [self.executable, *arguments], stdout=log, stderr=log, env=self.environment
            )
        self.processes.append(process)
        return process

    def now(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.get("/v1/session")["now"])


class Zones(PageCase):
    def times(self, visit) -> dict:
        """What is shown for each moment, in the tables and texts of the view."""
        return dict(visit.page.evaluate(
            """() => [...document.querySelectorAll('main time[datetime]')]
                .map(time => [time.dateTime, time.textContent])"""
        ))

    def test_times_are_the_zone_s_or_utc_s_and_say_both(self):
        start = "2031-03-05T08:00:00.000Z"
        id = self.bench.campaign(accounts(3), start_at=start)
        rows = {
            "Asia/Shanghai": ("16:00", "UTC+8"),
            "America/St_Johns": ("04:30", "UTC-3:30"),
            "Asia/Kathmandu": ("13:45", "UTC+5:45"),
        }
        for zone, (clock, name) in rows.items():
            with self.subTest(zone), self.visit(timezone_id=zone) as visit:
                page = visit.open(f"#/campaigns/{id}")
                expect(page.locator("header")).to_contain_text(name)
                page.wait_for_selector(f"main time[datetime='{start}']")
                shown = page.locator(f"main time[datetime='{start}']").first
                self.assertIn(clock, shown.inner_text())
                self.assertIn("2031-03-05 08:00:00 UTC", shown.get_attribute("title"))
                visit.menu().locator("[name=utc]").check()
                expect(page.locator("header")).not_to_contain_text(name)
                expect(page.locator(f"main time[datetime='{start}']").first).to_contain_text(
                    "08:00")
        self.bench.act(id, "cancel")

    def test_a_night_in_which_the_clocks_change(self):
        # On 26 October 2031 Berlin's clocks go from 03:00 back to 02:00.
        ids = [
            self.bench.campaign(accounts(3), start_at=at)
            for at in ("2031-10-26T00:30:00.000Z", "2031-10-26T01:30:00.000Z")
        ]
        with self.visit(timezone_id="Europe/Berlin") as visit:
            visit.open()
            shown = []
            for id in ids:
                visit.go(f"#/campaigns/{id}")
                at = self.bench.shown(id)["start_at"]
                time = visit.page.locator(f"[data-campaign='{id}'] time[datetime='{at}']").first
                shown.append((time.inner_text(), time.get_attribute("title")))
            # The same hour twice: only UTC tells them apart.
            self.assertIn("02:30", shown[0][0])
            self.assertIn("02:30", shown[1][0])
            self.assertNotEqual(shown[0][1], shown[1][1])
        for id in ids:
            self.bench.act(id, "cancel")

    def test_a_browser_whose_clock_is_ten_minutes_off_counts_by_the_daemon_s(self):
        bench = self.bench
        now = datetime.datetime.now(datetime.timezone.utc)
        start = now + datetime.timedelta(seconds=WAIT)
        id = bench.campaign(accounts(3), start_at=start.isoformat(timespec="milliseconds"))
        spans = []
        for off in (-600, 0, 600):
            with self.visit() as visit:
                visit.page.clock.install(time=now + datetime.timedelta(seconds=off))
                page = visit.open(f"#/campaigns/{id}")
                page.locator("details.asked summary").click()
                cause = page.locator("[data-cause=scheduled]").first
                expect(cause).to_be_visible()
                spans.append(re.search(r"for (\d+m) \d+s, until", cause.inner_text())[1])
        self.assertEqual(spans, 3 * ["17m"])
        bench.act(id, "cancel")

    @unittest.skipUnless(shutil.which("cc"), "no C compiler is here to shift a clock with")
    def test_a_server_whose_clock_is_ten_minutes_off_is_shown_by_its_own_time(self):
        for seconds in (-600, 600):
            bench = ShiftedBench(EXECUTABLE, seconds)
            with self.subTest(seconds), bench, self.visit(self.proxy(bench).url, bench=bench) as visit:
                off = bench.now() - datetime.datetime.now(datetime.timezone.utc)
                self.assertAlmostEqual(off.total_seconds(), seconds, delta=10)
                page = visit.open()
                bench.over(bench.campaign(accounts(30)))
                # What was sent stands in the chart's last minutes, though the browser has others.
                at = bench.get("/v1/history?minutes=5")["items"][0]["at"]
                page.wait_for_selector(f"main [data-at='{at}'][data-value='30']", state="attached")
                last = page.locator("main .minutes [data-at]").last.get_attribute("data-at")
                behind = bench.now() - datetime.datetime.fromisoformat(last)
                self.assertLess(abs(behind.total_seconds()), 120)
                start = bench.now() + datetime.timedelta(seconds=WAIT)
                id = bench.campaign(accounts(3), start_at=start.isoformat(timespec="milliseconds"))
                visit.go(f"#/campaigns/{id}")
                page.locator("details.asked summary").click()
                cause = page.locator("[data-cause=scheduled]").first
                expect(cause).to_contain_text(re.compile(r"for 17m \d+s, until"))
                # The form counts as the daemon will.
                visit.action("edit").first.click()
                note = page.locator("dialog[open] label:has([name=start_at]) small")
                expect(note).to_contain_text(re.compile(r"UTC, in 17m \d+s"))
                page.keyboard.press("Escape")
                # The moment of the numbers is the daemon's too, here in Shanghai's time.
                page.locator("header button.freeze").click()
                frozen = re.search(r"[\d:]{8}", page.locator("header .live").inner_text())[0]
                page.locator("header button.freeze").click()
                visit.wait_live()
                hours, minutes, rest = map(int, frozen.split(":"))
                there = (bench.now() + datetime.timedelta(hours=8)).time()
                apart = 3_600 * (there.hour - hours) + 60 * (there.minute - minutes) + there.second - rest
                self.assertLess(apart % 86_400, 60)


class Instance(PageCase):
    bench_options = {"title": ""}

    def test_without_a_title_the_app_names_the_instance(self):
        with self.visit() as visit:
            page = visit.open()
            expect(page.locator("header")).to_contain_text("App 1400000000")
            expect(page.locator("header")).to_contain_text(re.compile("simulator", re.I))
            expect(page).to_have_title(re.compile("App 1400000000"))

    def test_a_page_that_is_turned_off_is_not_there(self):
        with Bench(EXECUTABLE, FAST, http="  page: false\n") as bench:
            for path in ("/", "/app.js", "/index.html"):
                self.assertEqual(status(bench, path), 404)
            self.assertEqual(status(bench, "/healthz"), 200)


def status(bench, path, method="GET", **headers) -> int:
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=20)
    link.request(method, path, headers=headers)
    try:
        return link.getresponse().status
    finally:
        link.close()
