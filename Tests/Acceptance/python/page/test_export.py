"""Exports: the same rows as curl gets, as a download that never passes through the page."""

import json
import urllib.request

from .bench import accounts
from .case import FULL, PageCase


class Export(PageCase):
    count = 1_000_000 if FULL else 20_000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.id = cls.bench.campaign(accounts(cls.count) + accounts(300, "missing"), name="Sale! 双十一")
        cls.bench.over(cls.id)

    def by_curl(self, query: str, form="text/csv") -> bytes:
        request = urllib.request.Request(
            f"{self.bench.url}/v1/campaigns/{self.id}/recipients?{query}",
            headers={"Authorization": f"Bearer {self.bench.token}", "Accept": form},
        )
        with urllib.request.urlopen(request) as response:
            return response.read()

    def downloaded(self, visit, within: str, form="csv"):
        buttons = visit.page.locator(f"{within} [data-action=export-{form}]:visible")
        with visit.page.expect_download(timeout=120_000) as expected:
            buttons.first.click()
        download = expected.value
        return download.suggested_filename, open(download.path(), "rb").read()

    def test_everybody_is_downloaded_as_curl_has_it(self):
        with self.visit() as visit:
            visit.open(f"#/campaigns/{self.id}")
            visit.wait_value("state", "completed", f"[data-campaign='{self.id}']")
            name, data = self.downloaded(visit, "section:has([name=account])")
            self.assertTrue(name.endswith(".csv"), name)
            self.assertEqual(data.count(b"\n"), self.count + 301)
            self.assertEqual(data, self.by_curl(""))
            # The page is where it was.
            visit.wait_value("counts.failed", 300, f"[data-campaign='{self.id}']")

    def test_one_code_is_downloaded_with_a_read_only_token(self):
        with self.visit(token=self.bench.read_token) as visit:
            visit.open(f"#/campaigns/{self.id}")
            name, data = self.downloaded(visit, "tr:has([data-field='failures.70107'])")
            self.assertEqual(data, self.by_curl("code=70107"))
            self.assertEqual(data.count(b"\n"), 301)

    def test_a_status_is_downloaded_as_lines_of_json(self):
        with self.visit() as visit:
            visit.open(f"#/campaigns/{self.id}?status=failed")
            name, data = self.downloaded(visit, "section:has([name=account])", "ndjson")
            self.assertTrue(name.endswith("-failed.ndjson"), name)
            self.assertEqual(data, self.by_curl("status=failed", "application/x-ndjson"))
            self.assertEqual(len([json.loads(line) for line in data.splitlines()]), 300)
