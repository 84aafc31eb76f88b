"""Who may: the daemon's token, in a field or in a link, kept for the tabs of one origin."""

import urllib.error
import urllib.request

from playwright.sync_api import expect

from .bench import Bench, accounts
from .case import EXECUTABLE, PageCase

WRITES = {"pause", "resume", "start", "cancel", "retry", "delete", "edit", "create", "test",
          "check", "verify", "recall"}


class Login(PageCase):
    def sign_in(self, visit, token, page=None):
        page = page or visit.page
        page.locator("input[name=token]").fill(token)
        page.locator("[data-action=login]").click()

    def test_a_wrong_token_is_refused_and_the_right_one_opens_the_overview(self):
        with self.visit(token="") as visit:
            visit.expects(r"failed: 401 ")
            page = visit.page
            page.goto(visit.url + "/")
            field = page.locator("input[name=token]")
            expect(field).to_be_visible()
            self.assertEqual(field.get_attribute("type"), "password")
            self.assertEqual(field.get_attribute("autocomplete"), "current-password")
            self.sign_in(visit, "not-the-token")
            expect(page.locator(".fault")).to_be_visible()
            self.assertIn("fault", field.get_attribute("aria-describedby"))
            expect(field).to_be_visible()
            self.sign_in(visit, self.bench.token)
            visit.wait_live()
            expect(field).to_have_count(0)
            self.assertEqual(visit.value("state"), "running")
            page.reload()
            visit.wait_live()

    def test_a_link_with_the_token_opens_the_page_and_keeps_it_from_sight(self):
        with self.visit() as visit:
            page = visit.page
            page.goto("about:blank")
            page.goto(f"{visit.url}/#token={self.bench.token}")
            visit.wait_live()
            self.assertNotIn("token", page.url)
            length = page.evaluate("() => history.length")
            self.assertEqual(length, 2)

    def test_such_a_link_is_taken_by_a_page_that_is_open_already(self):
        with self.visit(token="") as visit:
            visit.expects(r"failed: 401 ")
            page = visit.page
            page.goto(visit.url + "/")
            expect(page.locator("input[name=token]")).to_be_visible()
            page.goto(f"{visit.url}/#token={self.bench.token}")
            visit.wait_live()
            self.assertNotIn("token", page.url)

    def test_a_link_with_a_wrong_token_asks_for_the_right_one(self):
        with self.visit(token="") as visit:
            visit.expects(r"failed: 401 ")
            visit.page.goto(f"{visit.url}/#token=wrong")
            expect(visit.page.locator("input[name=token]")).to_be_visible()
            self.assertNotIn("wrong", visit.page.url)

    def test_a_reader_sees_everything_and_is_offered_nothing(self):
        running = self.bench.campaign(accounts(5, "missing"))
        self.bench.over(running)
        draft = self.bench.campaign(accounts(5), start=False)
        with self.visit(token=self.bench.read_token) as visit:
            visit.open()
            for route in ("#/", "#/campaigns", f"#/campaigns/{running}", f"#/campaigns/{draft}"):
                visit.go(route)
                offered = visit.page.locator("[data-action]:visible").evaluate_all(
                    "buttons => buttons.map(button => button.dataset.action)"
                )
                self.assertEqual(set(offered) & WRITES, set())
            expect(visit.page.locator("header")).to_contain_text("intern")

    def test_a_token_revoked_in_mid_view_leads_to_the_login_and_back(self):
        id = self.bench.campaign(accounts(5, "missing"))
        self.bench.over(id)
        with self.visit(token=self.bench.read_token) as visit:
            visit.expects(r"failed: 401 ")
            visit.open(f"#/campaigns/{id}")
            visit.wait_value("counts.failed", 5, f"[data-campaign='{id}']")
            kept = self.bench.tokens.read_text()
            self.bench.tokens.write_text("")
            self.bench.reload("title", "title")
            self.bench.wait_for(lambda: not self.may(self.bench.read_token), "the token to be out")
            visit.go("#/campaigns")
            expect(visit.page.locator("input[name=token]")).to_be_visible()
            self.sign_in(visit, self.bench.token)
            visit.wait_live()
            self.assertTrue(visit.page.url.endswith("#/campaigns"))
            self.bench.tokens.write_text(kept)
            self.bench.reload("title", "title")
            self.bench.wait_for(lambda: self.may(self.bench.read_token), "the token to be back")

    def may(self, token: str) -> bool:
        request = urllib.request.Request(
            self.bench.url + "/v1/quota", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(request):
                return True
        except urllib.error.HTTPError:
            return False

    def test_a_second_tab_is_let_in_and_logging_out_of_one_ends_both(self):
        with self.visit() as visit:
            visit.expects(r"failed: 401 ")
            visit.open()
            second = visit.context.new_page()
            second.goto(f"{visit.url}/#/campaigns")
            visit.wait_live(second)
            visit.log_out(second)
            for page in (second, visit.page):
                expect(page.locator("input[name=token]")).to_be_visible()
                kept = page.evaluate("() => JSON.stringify(sessionStorage)")
                self.assertNotIn(self.bench.token, kept)
            # With the last tab the token is forgotten.
            visit.page.reload()
            expect(visit.page.locator("input[name=token]")).to_be_visible()

    def test_instances_on_one_machine_know_nothing_of_each_other(self):
        elsewhere = self.proxy(self.enterContext(Bench(EXECUTABLE))).url
        with self.visit() as visit:
            visit.open()
            page = visit.context.new_page()
            visit.expects("request to another origin", "failed: 401 ")
            page.goto(elsewhere + "/")
            expect(page.locator("input[name=token]")).to_be_visible()
            page.close()
