"""What every test of the page has: an executable, a browser, and a daemon for each class."""

import functools
import os
import pathlib
import unittest

from playwright.sync_api import expect, sync_playwright

from .bench import Bench, FAST
from .proxy import Proxy
from .visit import TIMEOUT, Visit

expect.set_options(timeout=TIMEOUT)

CHROMIUM = "/usr/bin/chromium"
TOP = pathlib.Path(__file__).parents[4]
EXECUTABLE = os.environ.get("PAGE_EXECUTABLE", ".build/debug/fanoutd")
# Where the page's files are while one works on them; otherwise the executable's own are tested.
FOLDER = os.environ.get("PAGE_FOLDER")
FULL = os.environ.get("PAGE_FULL") == "1"
ARTEFACTS = TOP / ".build" / "page"


@functools.cache
def playwright():
    return sync_playwright().start()


def launch(*options: str):
    if os.geteuid() == 0:
        options += ("--no-sandbox",)
    return playwright().chromium.launch(executable_path=CHROMIUM, args=list(options))


@functools.cache
def browser():
    """One for the whole process, since it takes a second to start."""
    return launch()


class PageCase(unittest.TestCase):
    """The class has a daemon; what a test does to a campaign is its own."""

    configuration = FAST
    simulator_options: tuple[str, ...] = ("--window", "off")
    bench_options: dict = {}

    @classmethod
    def setUpClass(cls):
        bench = Bench(EXECUTABLE, cls.configuration, cls.simulator_options, **cls.bench_options)
        cls.bench = cls.enterClassContext(bench)
        cls.url = cls.bench.url
        if FOLDER:
            cls.url = cls.enterClassContext(Proxy(cls.bench, FOLDER)).url

    def proxy(self, bench=None) -> Proxy:
        return self.enterContext(Proxy(bench or self.bench, FOLDER))

    def visit(self, url=None, bench=None, **options) -> Visit:
        return Visit(browser(), bench or self.bench, url or self.url, **options)
