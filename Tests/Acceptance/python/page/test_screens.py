"""How six views lie on three sizes of screen, in both themes and languages, with pictures kept."""

import pathlib

from playwright.sync_api import expect

from . import scenes
from .case import ARTEFACTS, PageCase

SIZES = [(360, 740), (1024, 768), (1440, 900)]
LAYOUT = (pathlib.Path(__file__).parent / "layout.js").read_text()


class Screens(PageCase):
    configuration = scenes.CONFIGURATION

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = scenes.fill(cls.bench)
        ARTEFACTS.mkdir(parents=True, exist_ok=True)

    def look(self, page, view: str, language: str):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                page.wait_for_selector(f"html[data-theme={theme}]", state="attached")
                page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
                picture = ARTEFACTS / f"{view}-{width}-{theme}-{language}.png"
                page.screenshot(path=picture, full_page=view != "dialog")
                if theme == "light":
                    with self.subTest(view=view, width=width, language=language):
                        self.assertEqual(page.evaluate(LAYOUT), [])

    def test_every_view_lies_well(self):
        for language, locale in (("en", "en-GB"), ("zh", "zh-CN")):
            with self.visit(locale=locale) as visit:
                visit.expects("failed: 401 ")
                page = visit.page
                page.goto(visit.url + "/")
                expect(page.locator("input[name=token]")).to_be_visible()
                self.look(page, "login", language)
                visit.open()
                for view, route in scenes.VIEWS.items():
                    visit.go(route.format(**self.ids))
                    page.wait_for_selector("main h1")
                    self.look(page, view, language)
                visit.go(f"#/campaigns/{self.ids['running']}")
                visit.action("cancel").first.click()
                expect(page.locator("dialog[open]")).to_be_visible()
                self.look(page, "dialog", language)
                page.keyboard.press("Escape")

    def test_all_of_it_works_from_320_px_on(self):
        with self.visit(viewport={"width": 320, "height": 640}) as visit:
            visit.open()
            for view, route in scenes.VIEWS.items():
                with self.subTest(view):
                    visit.go(route.format(**self.ids))
                    self.assertEqual(visit.page.evaluate(LAYOUT), [])

    def test_a_view_that_lies_badly_is_found(self):
        rows = {
            "sideways scroll": "main { min-width: 1600px !important }",
            "target": "main button, main a { font-size: 8px !important; padding: 0 !important;"
            " min-width: 0 !important; min-height: 0 !important; line-height: 1 !important;"
            " height: 10px !important; display: inline-block !important }",
            "cut off": "main h1 { width: 20px !important; overflow: hidden !important;"
            " flex: none !important; white-space: nowrap !important }",
            "overlap": "main nav { margin-top: -3rem !important }",
        }
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            page.locator("main [data-campaign]").first.wait_for()
            for fault, rule in rows.items():
                with self.subTest(fault):
                    # A sheet that is made, not parsed into the document, passes the page's policy.
                    page.evaluate(
                        """rule => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rule);
                            document.adoptedStyleSheets = [sheet]; }""",
                        rule,
                    )
                    found = page.evaluate(LAYOUT)
                    self.assertTrue(any(text.startswith(fault) for text in found), found)
            page.evaluate("() => { document.adoptedStyleSheets = []; }")
