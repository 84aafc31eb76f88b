"""Why isn't it moving? Every cause has words of the page, and those that can be provoked are shown."""

import datetime

from playwright.sync_api import expect

from .bench import Bench, FAST, accounts
from .case import EXECUTABLE, PageCase

CAUSES = """
    draft intake_open scheduled paused halted over outside_hours all_paused service_halted
    store_failed unreachable throttled stopping standby restart_hold window_full pace own_cap share
    calls_out backoff verifying checking recalling awaiting_answers none
""".split()


def ahead(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")


class Explain(PageCase):
    def why(self, visit, id: str):
        """Goes to the campaign, which explains itself."""
        visit.go(f"#/campaigns/{id}")
        details = visit.page.locator("details:has(.why), details:has([data-cause])").first
        details.wait_for(state="attached")
        if details.get_attribute("open") is None:
            details.locator("summary").first.click()

    def expect_cause(self, visit, id: str, cause: str):
        self.why(visit, id)
        item = visit.page.locator(f"[data-cause='{cause}']").first
        expect(item).to_be_visible()
        text = item.inner_text()
        self.assertNotIn("cause.", text)
        self.assertNotIn("_", text.split("\n")[0], text)
        return text

    def test_causes_that_are_provoked_are_told(self):
        bench = self.enterContext(Bench(EXECUTABLE, FAST, ("--window", "off")))
        self.bench, kept = bench, self.bench
        self.addCleanup(setattr, self, "bench", kept)
        with self.visit(self.proxy(bench).url, bench=bench) as visit:
            visit.open()
            draft = bench.campaign(accounts(3), start=False)
            self.expect_cause(visit, draft, "draft")
            scheduled = bench.campaign(accounts(3), start_at=ahead(3_600))
            self.assertRegex(self.expect_cause(visit, scheduled, "scheduled"), r"\d")
            capped = bench.campaign(accounts(30), messages_per_minute=1)
            bench.wait_for(lambda: bench.shown(capped)["counts"]["sent"], "the first")
            self.assertRegex(self.expect_cause(visit, capped, "own_cap"), r"\d")
            bench.act(capped, "pause")
            self.expect_cause(visit, capped, "paused")
            bench.faults(fail={"code": 80001, "calls": 1})
            halted = bench.campaign(accounts(3))
            bench.until(halted, "halted")
            self.expect_cause(visit, halted, "halted")
            bench.request("POST", "/v1/pause")
            waiting = bench.campaign(accounts(3))
            self.expect_cause(visit, waiting, "all_paused")
            bench.request("POST", "/v1/resume")
            bench.over(waiting)
            bench.reload("baseSeconds: 0.1\n  capSeconds: 0.2", "baseSeconds: 200\n  capSeconds: 300")
            bench.wait_for(lambda: "Configuration read again" in bench.log(), "the reload")
            again = bench.campaign(accounts(2, "flaky-1-91000"))
            bench.wait_for(lambda: bench.shown(again)["counts"]["retrying"] == 2, "the refusals")
            self.expect_cause(visit, again, "backoff")
            # A second less than a call may take, and nobody waits for its end.
            bench.faults(delay_out_ms=[9_000, 9_000])
            out = bench.campaign(accounts(3))
            self.expect_cause(visit, out, "awaiting_answers")
            bench.simulator.kill()
            bench.simulator.wait()
            lost = bench.campaign(accounts(3))
            bench.service("unreachable")
            self.expect_cause(visit, lost, "unreachable")
            bench.start_simulator()
            bench.over(lost)

    def test_a_full_window_is_told_with_its_end(self):
        bench = self.enterContext(
            Bench(EXECUTABLE, "limits:\n  messagesPerMinute: 60\n  burst: 60\n", ("--window", "off"))
        )
        self.bench, kept = bench, self.bench
        self.addCleanup(setattr, self, "bench", kept)
        id = bench.campaign(accounts(200))
        bench.wait_for(
            lambda: any(cause["cause"] == "window_full"
                        for cause in bench.get(f"/v1/campaigns/{id}/explain")["causes"]),
            "the window to be full", 90)
        with self.visit(self.proxy(bench).url, bench=bench) as visit:
            visit.open()
            self.expect_cause(visit, id, "window_full")

    def test_every_cause_has_words_in_both_languages_and_none_shows_its_name(self):
        id = self.bench.campaign(accounts(3), start=False)
        proxy = self.proxy()
        causes = [{"cause": cause, "text": f"the daemon's words of {cause}", "until": ahead(90),
                   "remedy": "what to do"} for cause in CAUSES]
        proxy.edit(f"/v1/campaigns/{id}/explain", lambda answer: answer | {"causes": causes})
        for locale in ("en-GB", "zh-CN"):
            with self.visit(proxy.url, locale=locale) as visit:
                page = visit.open()
                self.why(visit, id)
                items = page.locator("[data-cause]")
                expect(items).to_have_count(len(CAUSES))
                for cause, text in zip(CAUSES, items.all_inner_texts()):
                    self.assertNotIn(f"cause.{cause}", text)
                    if "_" in cause:
                        self.assertNotIn(cause, text.split("the daemon's words")[0])
                    # The rest of a minute and a half, by the daemon's clock.
                    self.assertRegex(text, r"\d")
