"""The list of campaigns: pages, tabs with totals, search, and new ones that don't push in."""

import concurrent.futures
import http.client
import json

from playwright.sync_api import expect

from .bench import TEXT, accounts
from .case import FULL, PageCase

COUNT = 10_000 if FULL else 600


class List(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make(COUNT)

    @classmethod
    def make(cls, count: int):
        """Drafts, by eight connections at once: commits are shared then."""

        def some(part: int):
            link = http.client.HTTPConnection("127.0.0.1", cls.bench.port)
            for number in range(part, count, 8):
                body = {"name": f"Sale {number:05} of Äpfel", "message": {"MsgBody": [TEXT]}}
                link.request("POST", "/v1/campaigns", json.dumps(body), {
                    "Authorization": f"Bearer {cls.bench.token}",
                    "Content-Type": "application/json"})
                answer = link.getresponse()
                answer.read()
                assert answer.status == 201, answer.status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(some, range(8)))

    def ids(self, page) -> list[str]:
        return page.locator("main [data-campaign]").evaluate_all(
            "rows => rows.map(row => row.dataset.campaign)"
        )

    def test_pages_are_of_fifty_newest_first_both_ways(self):
        wanted = [item["id"] for item in
                  self.bench.get("/v1/campaigns?limit=150&message=false")["items"]]
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            rows = page.locator("main [data-campaign]")
            expect(rows).to_have_count(50)
            self.assertEqual(self.ids(page), wanted[:50])
            newer, older = (page.locator(".pages button").nth(n) for n in (0, 1))
            expect(newer).to_be_disabled()
            for start in (50, 100):
                older.click()
                expect(rows.first).to_have_attribute("data-campaign", wanted[start])
                self.assertEqual(self.ids(page), wanted[start : start + 50])
            newer.click()
            expect(rows.first).to_have_attribute("data-campaign", wanted[50])

    def test_tabs_have_their_totals_and_can_be_linked_to(self):
        done = self.bench.campaign(accounts(3), name="a done one")
        self.bench.over(done)
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            totals = self.bench.get("/v1/campaigns?limit=1&message=false")["totals"]
            for state, count in totals.items():
                visit.wait_value(f"totals.{state}", count)
            page.locator("a[href$='state=completed']").first.click()
            page.wait_for_url("**/#/campaigns?state=completed")
            expect(page.locator("main [data-campaign]")).to_have_count(totals["completed"])
            page.reload()
            expect(page.locator("main [data-campaign]")).to_have_count(totals["completed"])

    def test_names_are_searched_while_one_types(self):
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            field = page.locator("input[type=search]")
            field.press_sequentially(f"sale {COUNT - 7:05}", delay=20)
            expect(page.locator("main [data-campaign]")).to_have_count(1)
            searches = [r for r in visit.requests if "name=" in r.url and "/v1/campaigns" in r.url]
            self.assertLessEqual(len(searches), 3)
            self.assertIn("name=", page.url)
            # No hit: said so, after every campaign was looked at.
            field.fill("nothing is called so")
            expect(page.locator("main [data-campaign]")).to_have_count(0)
            expect(page.locator("main")).to_contain_text("nothing is called so")
            field.fill("")
            expect(page.locator("main [data-campaign]")).to_have_count(50)

    def test_new_ones_are_announced_and_not_pushed_in(self):
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            expect(page.locator("main [data-campaign]")).to_have_count(50)
            before = self.ids(page)
            new = [self.bench.campaign(accounts(2), name=f"new {n}", start=False) for n in range(2)]
            button = page.locator("main button.fresh")
            expect(button).to_be_visible()
            expect(button).to_contain_text("2")
            self.assertEqual(self.ids(page), before)
            button.click()
            expect(page.locator("main [data-campaign]").first).to_have_attribute(
                "data-campaign", new[1])
            self.assertEqual(self.ids(page)[:2], new[::-1])
            expect(button).to_be_hidden()

    def test_one_that_is_deleted_elsewhere_is_no_longer_there(self):
        id = self.bench.campaign(accounts(2), name="goes away", start=False)
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            expect(page.locator(f"main [data-campaign='{id}']")).to_have_count(1)
            self.bench.request("DELETE", f"/v1/campaigns/{id}")
            expect(page.locator(f"main [data-campaign='{id}']")).to_have_count(0)

    def test_an_address_that_leads_nowhere_says_so(self):
        with self.visit() as visit:
            visit.expects("failed: 404 GET")
            page = visit.open("#/campaigns/01a2287d-0000-7000-8000-000000000000")
            expect(page.locator("h1")).to_be_visible()
            expect(page.locator("main")).to_contain_text("deleted")
