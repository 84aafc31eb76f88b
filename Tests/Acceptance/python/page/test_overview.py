"""The overview: the quota's window, messages a minute, what is in progress, and the service's state."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from playwright.sync_api import expect

from .bench import Bench, FAST, accounts
from .case import EXECUTABLE, PageCase

SLOW_ANSWERS = {"delay_out_ms": [300, 300]}
# Two calls of ten at once, each for half a second: 40 recipients a second on any machine.
STEADY = "limits:\n  messagesPerMinute: 6000000\n  batchAccounts: 10\n  maxInFlight: 2\n"


class Overview(PageCase):
    configuration = "limits:\n  messagesPerMinute: 120000\n  callsPerSecond: 1000\n"

    def bars(self, page) -> dict[str, dict[str, int]]:
        """What each bar of the chart of minutes says, by its time."""
        return page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll('main [data-at*=T]')]
                .map(bar => [bar.dataset.at, { addressed: Number(bar.dataset.value),
                    ...Object.fromEntries([...bar.querySelectorAll('[data-field]')]
                        .map(part => [part.dataset.field, Number(part.dataset.value)])) }]))"""
        )

    def test_a_campaign_of_30000_from_its_start_to_its_end(self):
        bench = self.bench
        bench.faults(**SLOW_ANSWERS)
        self.addCleanup(bench.faults)
        with self.visit() as visit:
            page = visit.open()
            id = bench.campaign(accounts(30_000) + accounts(40, "missing"), name="Big one")
            row = page.locator(f"[data-campaign='{id}']")
            expect(row).to_be_visible()
            visit.wait_value("state", "running", f"[data-campaign='{id}']")
            # The parts of the window add up at every moment in which it is drawn.
            page.wait_for_function(
                "() => Number(document.querySelector(\"[data-field='window.held']\").dataset.value) > 0"
            )
            sums = page.evaluate(
                """() => new Promise(done => {
                    const read = field => Number(document.querySelector(
                        `[data-field='${field}']`).dataset.value);
                    const wrong = [];
                    let looks = 0;
                    const look = () => {
                        let releases = 0;
                        for (let at = 0; at < 16; at += 1) releases += read(`window.releases.${at}`);
                        const held = read('window.held');
                        const unanswered = read('window.unanswered');
                        if (unanswered + releases !== held) wrong.push([unanswered, releases, held]);
                        if (read('window.room') > Math.max(0, read('messages_per_minute') - held))
                            wrong.push(['room', read('window.room'), held]);
                        looks += 1;
                        if (looks < 100) requestAnimationFrame(look); else done(wrong);
                    };
                    look();
                })"""
            )
            self.assertEqual(sums, [])
            bench.over(id)
            # What is over leaves "in progress" or says so; the numbers are the last ones.
            page.wait_for_function(
                """id => { const row = document.querySelector(`main [data-campaign='${id}']`);
                    return !row || row.querySelector('[data-field=state]').dataset.value
                        === 'completed'; }""",
                arg=id,
            )
            wanted = {
                step["at"]: {name: step[name] for name in
                             ("addressed", "sent", "failed", "retrying", "unknown")}
                for step in bench.get("/v1/history?minutes=60")["items"]
            }
            self.assertEqual(sum(step["sent"] for step in wanted.values()), 30_000)
            self.assertEqual(sum(step["failed"] for step in wanted.values()), 40)
            bench.wait_for(
                lambda: page.evaluate("() => 1")
                and {at: bar for at, bar in self.bars(page).items() if at in wanted} == wanted,
                "the chart to show the history",
            )
            shown = self.bars(page)
            self.assertEqual(len(shown), 60)
            self.assertTrue(all(bar["addressed"] == 0 for at, bar in shown.items()
                                if at not in wanted))
            page.locator("button[data-range=day]").click()
            page.wait_for_function(
                "() => document.querySelectorAll('main [data-at*=T]').length === 96"
            )
            self.assertEqual(sum(bar["sent"] for bar in self.bars(page).values()), 30_000)
            page.locator("button[data-range=hour]").click()
            page.wait_for_function(
                "() => document.querySelectorAll('main [data-at*=T]').length === 60"
            )

    def test_a_chart_can_be_read_as_a_table(self):
        self.bench.over(self.bench.campaign(accounts(50)))
        with self.visit() as visit:
            page = visit.open()
            for figure in page.locator("main figure").all():
                self.assertTrue(figure.locator("figcaption").inner_text().strip())
                figure.locator("summary").click()
                expect(figure.locator("table")).to_be_visible()
                self.assertGreater(figure.locator("tbody tr").count(), 0)

    def test_halted_ones_come_first_and_twenty_at_most(self):
        bench = self.bench
        bench.faults(fail={"code": 80001, "calls": 1})
        halted = bench.campaign(accounts(3), name="halted one")
        bench.until(halted, "halted")
        ids = [bench.campaign(accounts(30), name=f"number {n}", messages_per_minute=1)
               for n in range(24)]
        with self.visit() as visit:
            page = visit.open()
            rows = page.locator("main [data-campaign]")
            expect(rows).to_have_count(20)
            expect(rows.first).to_have_attribute("data-campaign", halted)
            expect(page.locator("main a[href*='state=running']").last).to_contain_text("25")
            expect(page.locator("main")).to_contain_text("80001")
        for id in [halted, *ids]:
            bench.act(id, "cancel")


class Service(PageCase):
    """Every state of the service, with its reason and remedy, and back."""

    def shown(self, visit, state: str):
        page = visit.page
        visit.wait_value("state", state, "header")
        quota = self.bench.wait_for(
            lambda: (found := self.bench.get("/v1/quota"))["state"] == state and found, state
        )
        main = page.locator("main")
        if quota.get("reason"):
            code = quota["reason"].get("code")
            if code:
                expect(main).to_contain_text(str(code))
        if quota.get("remedy"):
            visit.wait_value("remedy", quota["remedy"].replace("'", "\\'"))
        return quota

    def test_paused_throttled_unreachable_and_halted(self):
        bench = self.enterContext(Bench(EXECUTABLE, FAST, ("--window", "off")))
        self.bench, kept = bench, self.bench
        self.addCleanup(setattr, self, "bench", kept)
        proxy = self.proxy(bench)
        with self.visit(proxy.url, bench=bench) as visit:
            visit.open()
            self.shown(visit, "running")
            bench.request("POST", "/v1/pause")
            self.shown(visit, "paused")
            bench.request("POST", "/v1/resume")
            self.shown(visit, "running")
            bench.faults(fail={"code": 70009, "calls": 1})
            id = bench.campaign(accounts(200))
            self.shown(visit, "halted")
            verb = visit.action("resume").first
            verb.click()
            verb = visit.page.locator("dialog[open] [data-action=resume]")
            expect(verb).to_be_enabled()
            verb.click()
            self.shown(visit, "running")
            bench.over(id)
            bench.simulator.kill()
            bench.simulator.wait()
            id = bench.campaign(accounts(200))
            self.shown(visit, "unreachable")
            bench.start_simulator()
            self.shown(visit, "running")
            bench.over(id)
            # Last, since the pace takes more than a minute to come back.
            bench.faults(fail={"code": 90057, "calls": 1})
            id = bench.campaign(accounts(200))
            quota = self.shown(visit, "throttled")
            self.assertTrue(quota["until"])
            bench.over(id)

    def test_a_reload_that_was_refused_is_said_until_it_is_mended(self):
        with self.visit() as visit:
            page = visit.open()
            self.bench.reload("messagesPerMinute: 6000000", "messagesPerMinute: many")
            error = self.bench.wait_for(
                lambda: self.bench.get("/v1/quota")["config_error"], "the refusal"
            )
            line = page.locator("[data-field=config_error]")
            expect(line).to_be_visible()
            expect(line).to_contain_text("many")
            self.assertEqual(line.get_attribute("data-value"), error)
            self.bench.reload("messagesPerMinute: many", "messagesPerMinute: 6000000")
            expect(line).to_be_hidden()

    @unittest.skipUnless(shutil.which("strace") and os.geteuid() == 0, "strace may not trace here")
    def test_a_store_that_cannot_be_written(self):
        bench = self.enterContext(Bench(EXECUTABLE, STEADY, ("--window", "off")))
        self.bench, kept = bench, self.bench
        self.addCleanup(setattr, self, "bench", kept)
        proxy = self.proxy(bench)
        with self.visit(proxy.url, bench=bench) as visit:
            visit.open()
            bench.faults(delay_out_ms=[500, 500])
            id = bench.campaign(accounts(4_000))
            trace = subprocess.Popen(
                ["strace", "-f", "-o", "/dev/null", "-p", str(bench.server.pid)]
                + ["-e", "trace=pwrite64,fdatasync"]
                + ["-e", "inject=pwrite64:error=ENOSPC", "-e", "inject=fdatasync:error=ENOSPC"],
                stderr=subprocess.DEVNULL,
            )
            self.addCleanup(trace.wait)
            self.addCleanup(trace.terminate)
            bench.wait_for(
                lambda: self.tracers(bench.server.pid) == {trace.pid}, "every thread to be traced"
            )
            self.assertGreater(bench.shown(id)["counts"]["queued"], 0)
            self.shown(visit, "store_failed")
            trace.terminate()
            trace.wait()
            self.shown(visit, "running")
            bench.faults()
            bench.over(id)

    def tracers(self, pid: int) -> set[int]:
        """Who traces the threads of a process; 0 is nobody."""
        found = set()
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
            try:
                found.add(int(re.search(r"TracerPid:\s+(\d+)", path.read_text())[1]))
            except OSError:
                continue  # The thread has ended meanwhile.
        return found
