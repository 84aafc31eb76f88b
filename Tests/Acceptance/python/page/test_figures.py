"""The page's figures: bytes, requests, elements, heap, layout shift, and the times they come with.

Bytes and counts are held to; times are printed and only held to many times what they should be,
since machines differ.
"""

import concurrent.futures
import http.client
import os
import pathlib
import re
import threading
import time
import urllib.parse

from playwright.sync_api import expect

from .bench import Bench, accounts
from .case import EXECUTABLE, FULL, PageCase, browser

# Whatever took so many times as long as it should is no matter of the machine any more.
GENEROUS = 10
WATCH = """() => {
    window.shifts = 0;
    window.longest = 0;
    window.said = [];
    new PerformanceObserver(list => { for (const { value, hadRecentInput } of list.getEntries())
        if (!hadRecentInput) window.shifts += value; }).observe({ type: 'layout-shift' });
    new PerformanceObserver(list => { for (const { duration } of list.getEntries())
        window.longest = Math.max(window.longest, duration); }).observe({ type: 'longtask' });
    const status = document.querySelector('[role=status]');
    new MutationObserver(() => { if (status.textContent) window.said.push(status.textContent); })
        .observe(status, { childList: true, characterData: true, subtree: true });
}"""


def say(what: str, figure, limit):
    print(f"figure: {what}: {figure} (limit {limit})", flush=True)


class Figures(PageCase):
    configuration = "limits:\n  messagesPerMinute: 60000\n  callsPerSecond: 1000\n"

    def paint(self, page) -> float:
        """Seconds to the first contentful paint."""
        page.wait_for_function(
            "() => performance.getEntriesByName('first-contentful-paint').length"
        )
        return page.evaluate(
            "() => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
        )

    def test_requests_and_time_of_the_first_view(self):
        with self.visit() as visit:
            page = visit.open()
            visit.wait_value("state", "running")
            page.wait_for_function("() => document.querySelectorAll('[data-at]').length > 60")
            visit.settle()
            say("first contentful paint on loopback", f"{self.paint(page):.2f} s", "0.3 s")
            self.assertLess(self.paint(page), 0.3 * GENEROUS)
            # Frames in a row without a request: the first view is there.
            paths = [urllib.parse.urlsplit(r.url).path for r in visit.requests]
            files = [path for path in paths if "/v1/" not in path]
            asked = [path for path in paths if "/v1/" in path]
            say("files of the first view", f"{len(files)}: {' '.join(files)}", 10)
            say("requests to the API of the first view", f"{len(asked)}: {' '.join(asked)}", 5)
            self.assertLessEqual(len(set(files)), 10)
            self.assertLessEqual(len(asked), 5)

    def test_first_paint_on_a_slow_line(self):
        with self.visit() as visit:
            page = visit.page
            client = visit.context.new_cdp_session(page)
            client.send("Network.enable")
            client.send("Network.emulateNetworkConditions", {
                "offline": False, "latency": 400, "downloadThroughput": 50_000,
                "uploadThroughput": 50_000})
            page.goto(f"{visit.url}/#token={visit.token}", timeout=60_000)
            page.wait_for_selector("html[data-live=on]", state="attached", timeout=60_000)
            seconds = self.paint(page)
            say("first contentful paint at 400 ms and 400 kbit/s", f"{seconds:.2f} s", "2.5 s")
            self.assertLess(seconds, 2.5 * 4)

    def test_a_minute_of_live_sending(self):
        bench = self.bench
        bench.faults(delay_out_ms=[50, 150])
        self.addCleanup(bench.faults)
        ids = [bench.campaign(accounts(12_000, f"c{n}"), name=f"campaign {n}") for n in range(5)]
        seconds = 60 if FULL else 20
        with self.visit() as visit:
            page = visit.open()
            expect(page.locator("main [data-campaign]")).to_have_count(5)
            page.wait_for_function("() => document.querySelectorAll('[data-at]').length > 60")
            page.evaluate(WATCH)
            began = time.monotonic()
            page.wait_for_function(
                f"began => performance.now() - began > {seconds * 1000}",
                arg=page.evaluate("() => performance.now()"), timeout=seconds * 3000)
            found = page.evaluate("() => ({ shifts, longest, said })")
            say(f"layout shift in {seconds} s of sending", f"{found['shifts']:.4f}", 0.01)
            say("longest task", f"{found['longest']:.0f} ms", "50 ms")
            say(f"words of the status region in {seconds} s", len(found["said"]), seconds // 5)
            self.assertLessEqual(found["shifts"], 0.01)
            self.assertLess(found["longest"], 50 * GENEROUS)
            self.assertLessEqual(len(found["said"]), seconds // 5 + 1)
            self.heap(visit, page, "overview")
            visit.go(f"#/campaigns/{ids[0]}")
            visit.wait_value("id", ids[0])
            page.locator("main [data-account]").first.wait_for()
            page.evaluate(WATCH)
            page.wait_for_function(
                f"began => performance.now() - began > {seconds * 500}",
                arg=page.evaluate("() => performance.now()"), timeout=seconds * 3000)
            found = page.evaluate("() => ({ shifts, longest, said })")
            say(f"layout shift of a campaign in {seconds // 2} s", f"{found['shifts']:.4f}", 0.01)
            self.assertLessEqual(found["shifts"], 0.01)
            self.assertLessEqual(len(found["said"]), seconds // 10 + 1)
            if FULL:
                visit.go("#/")
                page.wait_for_function("began => performance.now() - began > 600_000",
                                       arg=page.evaluate("() => performance.now()"),
                                       timeout=900_000)
                self.heap(visit, page, "overview after 10 min")
        print(f"watched for {time.monotonic() - began:.0f} s")
        for id in ids:
            if not bench.shown(id)["finished_at"]:
                bench.act(id, "cancel")

    def heap(self, visit, page, what):
        client = visit.context.new_cdp_session(page)
        client.send("HeapProfiler.enable")
        client.send("HeapProfiler.collectGarbage")
        used = client.send("Runtime.getHeapUsage")["usedSize"]
        elements = page.evaluate("() => document.querySelectorAll('*').length")
        say(f"heap, {what}", f"{used / 1e6:.1f} MB", "15 MB")
        say(f"elements, {what}", elements, 2_500)
        self.assertLess(used, 15e6)
        self.assertLess(elements, 2_500)

    def test_a_layout_that_shifts_is_found(self):
        with self.visit() as visit:
            page = visit.open()
            page.evaluate(WATCH)
            page.evaluate(
                """() => { const line = document.createElement('p');
                    line.textContent = 'pushes everything down';
                    document.querySelector('main').prepend(line, document.createElement('hr')); }"""
            )
            page.wait_for_function("() => window.shifts > 0")


class Daemon(PageCase):
    """What the page costs the daemon."""

    def ticks(self, pid: int) -> int:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def resident(self, pid: int) -> int:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def test_fifty_watchers_at_the_quota(self):
        bench = self.enterContext(
            Bench(EXECUTABLE, "limits:\n  messagesPerMinute: 12000\n", ("--window", "off"))
        )
        id = bench.campaign(accounts(12_000))
        pid = bench.server.pid
        bench.wait_for(lambda: bench.shown(id)["counts"]["sent"] > 1_000, "the sending to go on")
        seconds = 30 if FULL else 6
        alone = self.spent(pid, seconds)
        before = self.resident(pid)
        events = []
        links = [http.client.HTTPConnection("127.0.0.1", bench.port, timeout=60) for _ in range(50)]

        def read(link):
            link.request("GET", "/v1/events?snapshot=false&message=false",
                         headers={"Authorization": f"Bearer {bench.token}"})
            answer = link.getresponse()
            try:
                while line := answer.readline():
                    if line.startswith(b"event:"):
                        events.append(line)
            except (OSError, ValueError, AttributeError):
                # The stream was closed under it, as it was meant to be.
                return

        threads = [threading.Thread(target=read, args=(link,), daemon=True) for link in links]
        for thread in threads:
            thread.start()
        bench.wait_for(lambda: len(events) > 50, "events")
        watched = self.spent(pid, seconds)
        grown = self.resident(pid) - before
        say("a core with 50 watchers", f"{watched:.1%}, {alone:.1%} without", "3 % in a release build")
        say("memory for 50 watchers", f"{grown / 1e6:.1f} MB", "10 MB")
        self.assertGreater(len(events), 50 * seconds / 4)
        self.assertLess(grown, 30e6)
        for link in links:
            if link.sock:
                link.sock.shutdown(2)
            link.close()

    def spent(self, pid: int, seconds: float) -> float:
        """The part of a core that it takes while so much time passes."""
        before, began = self.ticks(pid), time.monotonic()
        page = browser().new_page()
        page.wait_for_function(f"began => performance.now() - began > {seconds * 1000}",
                               arg=page.evaluate("() => performance.now()"),
                               timeout=seconds * 10_000)
        page.close()
        return (self.ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)

    def test_answers_while_there_is_much(self):
        campaigns = 10_000 if FULL else 500
        many = 10_000_000 if FULL else 40_000

        def some(part):
            for number in range(part, campaigns, 8):
                self.bench.campaign(name=f"Sale {number:05}", start=False)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(some, range(8)))
        id = self.bench.campaign()
        for start in range(0, many, 1_000_000):
            self.bench.add(id, accounts(min(many - start, 1_000_000), f"a{start // 1_000_000}"))
        for what, path, limit in (
            (f"first page of {campaigns:,} campaigns", "/v1/campaigns?limit=50&message=false", 0.3),
            (f"search among {campaigns:,}", "/v1/campaigns?limit=50&message=false&name=00007", 0.1),
            (f"one account among {many:,}", f"/v1/campaigns/{id}/recipients/a0-0000007", 0.05),
        ):
            times = []
            for _ in range(5):
                began = time.monotonic()
                self.bench.get(path)
                times.append(time.monotonic() - began)
            say(what, f"{min(times) * 1000:.0f} ms", f"{limit * 1000:.0f} ms")
            self.assertLess(min(times), limit * GENEROUS)
