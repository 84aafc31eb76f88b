"""What can be done to a campaign, from every state; the questions and what is said afterwards."""

import datetime
import re

from playwright.sync_api import expect

from .bench import accounts
from .case import PageCase

# Every verb; of these a state offers some.
VERBS = ["start", "pause", "resume", "retry", "cancel", "delete", "check", "verify", "recall"]
# One recipient a minute: such a campaign is running for as long as a test looks.
SLOW = {"messages_per_minute": 1}


def ahead(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")


class Actions(PageCase):
    def make(self, state: str, count=5, **fields) -> str:
        """A campaign in the state."""
        bench = self.bench
        match state:
            case "draft":
                return bench.campaign(accounts(count), start=False, **fields)
            case "scheduled":
                return bench.campaign(accounts(count), start_at=ahead(3_600), **fields)
            case "running" | "paused" | "canceled":
                id = bench.campaign(accounts(count), **SLOW, **fields)
                bench.wait_for(lambda: bench.shown(id)["counts"]["sent"], "the first to be sent")
                if state == "paused":
                    bench.act(id, "pause")
                if state == "canceled":
                    bench.act(id, "cancel")
            case "halted":
                bench.faults(fail={"code": 80001, "calls": 1})
                id = bench.campaign(accounts(count), **fields)
            case "completed":
                id = bench.campaign(accounts(count) + accounts(1, "missing"), **fields)
            case "expired":
                id = bench.campaign(accounts(count), expires_at=ahead(4), **SLOW, **fields)
        bench.until(id, state)
        if state in ("completed", "canceled", "expired"):
            bench.over(id)
        return id

    def offered(self, visit, id) -> set[str]:
        visit.go(f"#/campaigns/{id}")
        visit.page.wait_for_selector(f"[data-campaign='{id}'] [data-action]")
        return {verb for verb in VERBS if visit.action(verb).count()}

    def confirm(self, visit, action, id=None, typed=None):
        """Opens the dialog and presses its verb, once it is armed."""
        visit.action(action).first.click()
        dialog = visit.page.locator("dialog[open]")
        if typed is not None:
            dialog.locator("input:not([type=checkbox]):not([type=hidden]):visible").last.fill(typed)
        verb = dialog.locator(f"[data-action={action}]")
        expect(verb).to_be_enabled()
        verb.click()
        expect(dialog).to_have_count(0)

    def test_each_state_offers_what_it_allows(self):
        rows = {
            "draft": {"start", "check", "cancel", "delete"},
            "scheduled": {"pause", "cancel"},
            "running": {"pause", "cancel"},
            "paused": {"resume", "cancel", "recall"},
            "halted": {"resume", "cancel"},
            "completed": {"retry", "delete", "recall"},
            "canceled": {"delete", "recall"},
            "expired": {"delete", "recall"},
        }
        with self.visit() as visit:
            visit.open()
            for state, wanted in rows.items():
                with self.subTest(state):
                    self.assertEqual(self.offered(visit, self.make(state)), wanted)

    def test_pausing_asks_nothing_and_resuming_takes_it_back(self):
        id = self.make("running")
        with self.visit() as visit:
            visit.open(f"#/campaigns/{id}")
            visit.action("pause").first.click()
            visit.wait_value("state", "paused", f"[data-campaign='{id}']")
            self.assertEqual(self.bench.shown(id)["state"], "paused")
            visit.action("resume").first.click()
            visit.wait_value("state", "running", f"[data-campaign='{id}']")
            expect(visit.page.locator("[role=status]").first).not_to_be_empty()

    def test_a_halted_campaign_says_why_before_it_goes_on(self):
        id = self.make("halted")
        with self.visit() as visit:
            visit.open(f"#/campaigns/{id}")
            visit.action("resume").first.click()
            dialog = visit.page.locator("dialog[open]")
            expect(dialog).to_contain_text(self.bench.shown(id)["reason"]["text"][:20])
            verb = dialog.locator("[data-action=resume]")
            expect(verb).to_be_enabled()
            verb.click()
            visit.wait_value("state", "completed", f"[data-campaign='{id}']")

    def test_a_start_says_what_it_does(self):
        id = self.make("draft", 5)
        with self.visit() as visit:
            visit.open(f"#/campaigns/{id}")
            visit.action("start").first.click()
            dialog = visit.page.locator("dialog[open]")
            verb = dialog.locator("[data-action=start]")
            expect(verb).to_contain_text("5")
            expect(verb).to_be_enabled()
            verb.click()
            visit.wait_value("state", "completed", f"[data-campaign='{id}']")

    def test_a_cancel_is_asked_in_numbers_and_escape_keeps(self):
        id = self.make("running", 1_200)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.action("cancel").first.click()
            dialog = page.locator("dialog[open]")
            counts = self.bench.shown(id)["counts"]
            expect(dialog).to_contain_text(f"{counts['queued'] + counts['retrying']:,}")
            verb = dialog.locator("[data-action=cancel]")
            # The focus is on what keeps it, and the verb isn't armed.
            self.assertFalse(verb.evaluate("verb => verb === document.activeElement"))
            self.assertEqual(page.evaluate("() => document.activeElement.tagName"), "BUTTON")
            expect(verb).to_be_disabled()
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
            self.assertEqual(self.bench.shown(id)["state"], "running")
            # The focus is back where it was, and the wrong end of an id cancels nothing.
            expect(visit.action("cancel").first).to_be_focused()
            visit.action("cancel").first.click()
            field = dialog.locator("input:visible")
            field.fill(id[-4:])
            expect(verb).to_be_enabled()
            field.fill("zzzz")
            expect(verb).to_be_disabled()
            field.fill(id[-4:])
            verb.click()
            visit.wait_value("state", "canceled", f"[data-campaign='{id}']")
            self.bench.over(id)

    def test_a_small_one_needs_nothing_typed(self):
        id = self.make("running", 20)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.action("cancel").first.click()
            self.assertEqual(page.locator("dialog[open] input:visible").count(), 0)
            page.keyboard.press("Escape")
            self.confirm(visit, "cancel")
            visit.wait_value("state", "canceled", f"[data-campaign='{id}']")

    def test_deleting_removes_it_and_goes_to_the_list(self):
        id = self.make("completed", 1_100)
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            self.confirm(visit, "delete", typed=id[-4:])
            page.wait_for_url(re.compile(r"#/campaigns($|\?)"))
            self.assertEqual(page.locator(f"[data-campaign='{id}']").count(), 0)

    def test_a_double_click_sends_once(self):
        id = self.make("running")
        with self.visit() as visit:
            visit.open(f"#/campaigns/{id}")
            visit.action("pause").first.dblclick()
            visit.wait_value("state", "paused", f"[data-campaign='{id}']")
            posts = [r for r in visit.requests if r.method == "POST" and r.url.endswith("/pause")]
            self.assertEqual(len(posts), 1)
            visit.action("cancel").first.dblclick()
            verb = visit.page.locator("dialog[open] [data-action=cancel]")
            expect(verb).to_be_enabled()
            self.assertEqual(self.bench.shown(id)["state"], "paused")
            verb.dblclick(no_wait_after=True)
            visit.wait_value("state", "canceled", f"[data-campaign='{id}']")
            posts = [r for r in visit.requests if r.method == "POST" and r.url.endswith("/cancel")]
            self.assertEqual(len(posts), 1)

    def test_a_dialog_closes_when_the_state_changes_under_it(self):
        id = self.make("running")
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.action("cancel").first.click()
            dialog = page.locator("dialog[open]")
            expect(dialog).to_be_visible()
            self.bench.act(id, "cancel")
            expect(dialog).to_have_count(0)
            expect(page.locator("[role=status]").first).not_to_be_empty()

    def test_a_refusal_is_shown_where_one_acted(self):
        id = self.make("draft")
        with self.visit() as visit:
            visit.expects(r"failed: 409 POST")
            page = visit.open(f"#/campaigns/{id}")
            page.route(f"**/v1/campaigns/{id}/start", lambda route: (
                self.bench.act(id, "cancel"), route.continue_()))
            visit.action("start").first.click()
            verb = page.locator("dialog[open] [data-action=start]")
            expect(verb).to_be_enabled()
            verb.click()
            expect(page.locator("[role=alert]:visible, [role=status]:not(:empty)").first
                   ).to_be_visible()

    def test_settings_are_changed_with_old_and_new_beside_each_other(self):
        id = self.make("running")
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.action("edit").first.click()
            dialog = page.locator("dialog[open]")
            dialog.locator("[name=name]").fill("Black Friday")
            dialog.locator("[name=priority]").select_option("high")
            expect(dialog).to_contain_text("→")
            dialog.locator("[data-action=save]").click()
            expect(dialog).to_have_count(0)
            self.assertEqual(self.bench.shown(id)["name"], "Black Friday")
            self.assertEqual(self.bench.shown(id)["priority"], "high")
            expect(page.locator("h1")).to_contain_text("Black Friday")

    def test_jobs_are_shown_as_they_go(self):
        id = self.bench.campaign(accounts(30) + accounts(4, "missing"), start=False)
        with self.visit() as visit:
            visit.open(f"#/campaigns/{id}")
            within = f"[data-campaign='{id}']"
            visit.action("check").first.click()
            visit.wait_value("check.state", "completed", within)
            visit.wait_value("check.missing", 4, within)
            visit.wait_value("counts.failed", 4, within)
            self.bench.act(id, "start")
            visit.wait_value("state", "completed", within)
            self.confirm(visit, "recall")
            visit.wait_value("recall.state", "completed", within)
            visit.wait_value("recall.recalled", 30, within)

    def test_all_sending_is_paused_and_resumed_from_the_overview(self):
        with self.visit() as visit:
            visit.open()
            visit.action("pause").first.click()
            visit.wait_value("state", "paused")
            self.assertEqual(self.bench.get("/v1/quota")["state"], "paused")
            visit.action("resume").first.click()
            visit.wait_value("state", "running")


# Where the buttons are, frame by frame: returns which of them moved, and how much was going on.
MOVES = """([seconds, isPlanted]) => new Promise(done => {
    const place = button => {
        const box = button.getBoundingClientRect();
        return [box.x, box.y, box.width, box.height].map(Math.round).join();
    };
    const places = new Map([...document.querySelectorAll('main button')]
        .filter(button => button.getClientRects().length)
        .map(button => [button, place(button)]));
    const moved = new Set();
    let changes = 0;
    new MutationObserver(list => { changes += list.length; })
        .observe(document.body, { subtree: true, attributes: true });
    const began = performance.now();
    if (isPlanted)
        document.querySelector('main [data-action=pause]').style.setProperty('margin-top', '3px');
    (function look() {
        for (const [button, was] of places) {
            if (button.isConnected && place(button) !== was)
                moved.add(`${button.dataset.action ?? button.textContent}: ${was} became`
                    + ` ${place(button)}`);
        }
        if (performance.now() - began < 1000 * seconds) requestAnimationFrame(look);
        else done({ moved: [...moved], changes, buttons: places.size });
    })();
})"""


class Moving(PageCase):
    configuration = "limits:\n  messagesPerMinute: 600000\n  batchAccounts: 10\n  maxInFlight: 8\n"

    def test_no_button_moves_while_events_come_in(self):
        self.bench.faults(delay_out_ms=[200, 400])
        for number in range(20):
            self.bench.campaign(accounts(600, f"move-{number}"), name=f"moving {number}")
        with self.visit() as visit:
            page = visit.open()
            expect(page.locator("main [data-campaign]")).to_have_count(20)
            visit.action("pause").first.wait_for()
            found = page.evaluate(MOVES, [4, False])
            self.assertGreater(found["buttons"], 10)
            self.assertGreater(found["changes"], 20)
            self.assertEqual(found["moved"], [])
            # One that does is found.
            self.assertTrue(page.evaluate(MOVES, [1, True])["moved"])
            self.bench.faults()
            for item in self.bench.get("/v1/campaigns?state=running")["items"]:
                self.bench.act(item["id"], "cancel")


class Retry(PageCase):
    configuration = (
        "limits:\n  messagesPerMinute: 6000000\n"
        "retry:\n  baseSeconds: 0.05\n  capSeconds: 0.1\n  maxAttempts: 2\n"
    )
    kinds = ["missing", "err-90048", "err-70169", "err-20003", "err-20004"]

    def test_two_codes_of_five_put_back_exactly_those(self):
        bench = self.bench
        names = [f"{kind}-{number}" for kind in self.kinds for number in range(7)]
        id = bench.campaign(names + accounts(50))
        bench.over(id)
        before = {name: bench.recipient(id, name) for name in names}
        time_before = max(found["updated_at"] for found in before.values())
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.action("retry").first.click()
            dialog = page.locator("dialog[open]")
            boxes = dialog.locator("input[type=checkbox]")
            expect(boxes).to_have_count(5)
            for box in boxes.all():
                box.set_checked(box.get_attribute("value") in ("70107", "70169"))
            verb = dialog.locator("[data-action=retry]")
            expect(verb).to_contain_text("14")
            expect(verb).to_be_enabled()
            verb.click()
            expect(dialog).to_have_count(0)
            bench.wait_for(
                lambda: all(
                    bench.recipient(id, f"{kind}-0")["updated_at"] > time_before
                    for kind in ("missing", "err-70169")
                ),
                "the retry",
            )
            bench.over(id)
            visit.wait_value("state", "completed", f"[data-campaign='{id}']")
        again = {name for name in names if bench.recipient(id, name) != before[name]}
        self.assertEqual(
            again, {name for name in names if name.startswith(("missing-", "err-70169-"))}
        )
