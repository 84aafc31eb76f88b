"""Whom never to address, when not to, and who wants to know: suppressions, hours and webhooks."""

import datetime

from playwright.sync_api import expect

from .bench import accounts
from .case import PageCase


def clock(hours: float) -> str:
    """The time of day in UTC, so many hours from now."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.strftime("%H:%M")


def closed() -> dict:
    """Hours that open later today or tomorrow, and not within this test."""
    return {"from": clock(2), "to": clock(4), "time_zone": "UTC"}


class Suppressed(PageCase):
    def test_who_is_on_the_list_is_a_part_of_the_bar_and_goes_again_once_off_it(self):
        bench = self.bench
        listed = accounts(3, "opted-out")
        for account in listed:
            bench.request("PUT", f"/v1/suppressions/{account}", {"reason": "asked for it"})
        id = bench.campaign(accounts(20) + listed)
        bench.over(id)
        within = f"[data-campaign='{id}']"
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.wait_value("counts.suppressed", 3, within)
            part = page.locator("svg.bar rect[data-field='counts.suppressed']").first
            self.assertGreaterEqual(part.bounding_box()["width"], 3)
            page.locator(f"{within} a[href$='status=suppressed']").first.click()
            row = page.locator(f"[data-account='{listed[0]}']")
            expect(row.locator("[data-field=status]")).to_have_attribute("data-value", "suppressed")
            bench.request("DELETE", f"/v1/suppressions/{listed[0]}")
            visit.action("retry").first.click()
            dialog = page.locator("dialog[open]")
            dialog.locator("input[value=suppressed]").check()
            verb = dialog.locator("[data-action=retry]")
            expect(verb).to_contain_text("3")
            expect(verb).to_be_enabled()
            verb.click()
            visit.wait_value("counts.suppressed", 2, within)
            visit.wait_value("counts.sent", 21, within)


class Hours(PageCase):
    def test_a_campaign_waits_for_its_hours_says_so_and_is_let_go(self):
        hours = closed()
        id = self.bench.campaign(accounts(5), send_between=hours)
        within = f"[data-campaign='{id}']"
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.wait_value("state", "running", within)
            setting = page.locator("[data-field=send_between]")
            expect(setting).to_contain_text(hours["from"])
            page.locator("details.asked summary").click()
            cause = page.locator("[data-cause=outside_hours]").first
            expect(cause).to_be_visible()
            self.assertRegex(cause.inner_text(), r"\d\d:\d\d")
            visit.action("edit").first.click()
            dialog = page.locator("dialog[open]")
            dialog.locator("input[name=from]").fill("")
            expect(dialog).to_contain_text("any time")
            verb = dialog.locator("[data-action=save]")
            expect(verb).to_be_enabled()
            verb.click()
            visit.wait_value("state", "completed", within)
            expect(setting).to_have_text("any time")

    def test_hours_are_set_in_the_form_and_their_faults_stand_beside_them(self):
        hours = closed()
        with self.visit() as visit:
            page = visit.open("#/new")
            page.locator("textarea[name=text]").fill("hello")
            page.locator("textarea[name=recipients]").fill("\n".join(accounts(4)))
            page.locator("input[name=from]").fill(hours["from"])
            page.locator("input[name=to]").fill(hours["to"])
            zone = page.locator("input[name=time_zone]")
            expect(zone).to_have_value("Asia/Shanghai")
            zone.fill("Asia/Shangai")
            create = visit.action("create").first
            expect(create).to_be_enabled()
            visit.expects("failed: 422 ")
            create.click()
            expect(page.locator("fieldset.hours + .fault")).to_contain_text("Asia/Shanghai")
            zone.fill("UTC")
            page.locator("input[name=days][value=sun]").uncheck()
            create.click()
            start = visit.action("start").first
            expect(start).to_be_enabled()
            id = page.url.split("draft=")[1]
            wanted = hours | {"days": ["mon", "tue", "wed", "thu", "fri", "sat"]}
            self.assertEqual(self.bench.shown(id)["send_between"], wanted)


class Webhooks(PageCase):
    def hook(self, seconds: float) -> dict:
        now = datetime.datetime.now(datetime.timezone.utc)
        at = now - datetime.timedelta(seconds=seconds)
        text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"id": 1, "url": "https://ops.example/hooks", "events": ["campaign.completed"],
                "backlog": 7, "oldest_at": text, "next_at": text, "stopped": False,
                "last": {"at": text, "status": 500, "error": None}}

    def test_a_backlog_is_told_once_it_is_older_than_a_minute(self):
        proxy = self.proxy()
        for age, count in ((5, 0), (120, 1)):
            proxy.edit("/v1/webhooks", lambda answer, age=age: {"items": [self.hook(age)]})
            with self.visit(proxy.url) as visit:
                page = visit.page
                page.clock.install()
                visit.open()
                with page.expect_response(lambda response: "/v1/webhooks" in response.url):
                    for _ in range(11):
                        page.clock.run_for(1_000)
                visit.settle()
                lines = page.locator("[data-hook]")
                expect(lines).to_have_count(count)
                if count:
                    expect(lines).to_contain_text("https://ops.example/hooks: 7 ")
                    expect(lines).to_contain_text("500")
