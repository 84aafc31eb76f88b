"""A node that stands by says where the leader is, and its page goes on once it leads.

A daemon alone leads; the proxy before it answers as one of several would.
"""

import json

from playwright.sync_api import expect

from .bench import accounts
from .case import PageCase
from .test_access import findings
from .test_screens import LAYOUT
from .test_words import SHOWN, english_words

LEADS = {"role": "leader", "leader": None, "epoch": 7, "synchronous": True}


class Standby(PageCase):
    def stand_by(self, proxy, leader: str | None):
        proxy.cluster = LEADS | {"role": "standby", "leader": leader}

    def step_down(self, proxy):
        """Ends the stream too, in the middle of what a new campaign makes it tell."""
        self.stand_by(proxy, self.url)
        proxy.cut.set()
        self.bench.over(self.bench.campaign(accounts(2)))

    def come(self, visit, route="#/"):
        """Opens the page of a standby, which never is live."""
        page = visit.page
        page.goto(f"{visit.url}/#token={visit.token}")
        expect(page.locator("h1")).to_be_visible()
        page.evaluate("route => { location.hash = route }", route)
        return page

    def test_it_names_the_leader_and_shows_and_offers_nothing_else(self):
        id = self.bench.campaign(accounts(3), name="with the leader")
        self.bench.over(id)
        proxy = self.proxy()
        self.stand_by(proxy, self.url)
        for locale in ("en-GB", "zh-CN"):
            with self.visit(proxy.url, locale=locale) as visit:
                page = self.come(visit, f"#/campaigns/{id}")
                expect(page.locator("h1")).to_have_count(1)
                link = page.locator("main [data-field='cluster.leader']")
                expect(link).to_have_text(self.url)
                expect(link).to_have_attribute("href", f"{self.url}#/campaigns/{id}")
                expect(page.locator("header nav:visible, main [data-action]:visible")).to_have_count(0)
                expect(page.locator("[data-campaign], [data-field=state]:visible")).to_have_count(0)
                for keys in ("n", "gc"):
                    page.keyboard.press("Escape")
                    for key in keys:
                        page.keyboard.press(key)
                    expect(page.locator("main a")).to_have_count(1)
                if locale == "zh-CN":
                    self.assertEqual(english_words(page.evaluate(SHOWN)), set())
                for theme in ("dark", "light"):
                    page.emulate_media(color_scheme=theme)
                    self.assertEqual(findings(page), [])
                for width in (320, 1280):
                    page.set_viewport_size({"width": width, "height": 740})
                    self.assertEqual(page.evaluate(LAYOUT), [])
                # Nothing was asked for that a standby refuses.
                asked = {request.url.split("/v1/")[1] for request in visit.requests
                         if "/v1/" in request.url}
                self.assertEqual(asked, {"session", "quota"})

    def test_its_link_leads_to_the_leader_and_to_what_was_asked_for(self):
        proxy = self.proxy()
        self.stand_by(proxy, self.url)
        with self.visit(proxy.url) as visit:
            visit.expects("request to another origin", "failed: 401 ")
            page = self.come(visit, "#/campaigns?state=halted")
            page.locator("main [data-field='cluster.leader'][href$='halted']").click()
            # Each origin has its own token.
            expect(page.locator("input[name=token]")).to_be_visible()
            self.assertEqual(page.url, f"{self.url}/#/campaigns?state=halted")

    def test_a_leader_that_is_nobody_or_no_address_is_no_link(self):
        proxy = self.proxy()
        for leader in (None, "javascript:window.pwned=1", "leader.example"):
            with self.subTest(leader):
                self.stand_by(proxy, leader)
                with self.visit(proxy.url) as visit:
                    page = self.come(visit)
                    link = page.locator("main [data-field='cluster.leader']")
                    expect(link).to_have_text(leader or "nobody knows where")
                    expect(page.locator("main a[href]")).to_have_count(0)

    def test_it_goes_on_by_itself_when_it_leads_and_stands_by_again_when_it_does_not(self):
        id = self.bench.campaign(accounts(3), name="of the new leader")
        self.bench.over(id)
        proxy = self.proxy()
        self.stand_by(proxy, None)
        with self.visit(proxy.url) as visit:
            page = self.come(visit, "#/campaigns")
            expect(page.locator("h1")).to_have_text("This node stands by")
            page.evaluate("() => { window.mark = true }")
            # As long as it stands by it asks again, and the connection isn't called lost.
            for _ in range(3):
                with page.expect_response("**/v1/quota"):
                    pass
            self.assertEqual(visit.say(), "")
            proxy.cluster = LEADS
            visit.wait_live()
            expect(page.locator(f"main [data-campaign='{id}']")).to_be_visible()
            expect(page.locator("header nav")).to_be_visible()
            visit.expects("failed: ")
            self.step_down(proxy)
            expect(page.locator("h1")).to_have_text("This node stands by")
            expect(page.locator("[data-campaign]")).to_have_count(0)
            self.assertTrue(page.url.endswith("#/campaigns"))
            self.assertTrue(page.evaluate("() => window.mark"))

    def test_the_overview_of_a_leader_that_steps_down_counts_nothing_any_more(self):
        proxy = self.proxy()
        proxy.cluster = LEADS
        with self.visit(proxy.url) as visit:
            page = visit.open()
            expect(page.locator("main [data-field='window.held']")).to_be_visible()
            visit.expects("failed: ")
            self.step_down(proxy)
            expect(page.locator("h1")).to_have_text("This node stands by")
            expect(page.locator("main [data-field]")).to_have_count(1)

    def test_a_question_is_not_asked_any_more_once_another_node_leads(self):
        id = self.bench.campaign(accounts(3), start=False)
        proxy = self.proxy()
        with self.visit(proxy.url) as visit:
            visit.expects("failed: ")
            page = visit.open(f"#/campaigns/{id}")
            visit.action("cancel").first.click()
            expect(page.locator("dialog[open]")).to_be_visible()
            self.step_down(proxy)
            expect(page.locator("h1")).to_have_text("This node stands by")
            expect(page.locator("dialog")).to_have_count(0)

    def test_a_refusal_while_the_lease_is_lost_is_told_where_one_acted(self):
        id = self.bench.campaign(accounts(3), start=False)
        proxy = self.proxy()
        with self.visit(proxy.url) as visit:
            visit.expects("failed: 503 POST")
            page = visit.open(f"#/campaigns/{id}")
            visit.action("start").first.click()
            verb = page.locator("dialog[open] [data-action=start]")
            expect(verb).to_be_enabled()
            page.route("**/start", lambda route: route.fulfill(
                status=503, content_type="application/problem+json", body=json.dumps({
                    "type": "urn:fanoutd:problem:standby", "title": "Standby", "status": 503,
                    "detail": "This node stands by.", "leader": None})))
            verb.click()
            expect(page.locator("[role=alert]:visible")).to_contain_text("stands by")


class Leader(PageCase):
    def test_a_leader_whose_queue_has_one_copy_says_so_and_what_to_do(self):
        proxy = self.proxy()
        proxy.cluster = LEADS
        with self.visit(proxy.url) as visit:
            page = visit.open()
            line = page.locator("header [data-field='cluster.synchronous']")
            for synchronous, isShown in ((True, False), (False, True), (None, False)):
                with self.subTest(synchronous):
                    proxy.cluster = LEADS | {"synchronous": synchronous}
                    page.reload()
                    visit.wait_live()
                    value = json.dumps(synchronous) if synchronous is not None else ""
                    expect(line).to_have_attribute("data-value", value)
                    expect(line).to_be_visible(visible=isShown)
                    if isShown:
                        expect(line).to_contain_text("Epoch 7")
                        # The headings come with what they are about.
                        page.wait_for_function(
                            "() => [...document.querySelectorAll('main h2')]"
                            ".every(heading => heading.textContent)"
                        )
                        self.assertEqual(findings(page), [])
            page.goto("about:blank")
