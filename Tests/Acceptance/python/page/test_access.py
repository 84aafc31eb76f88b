"""Everyone can use it: axe by WCAG 2.2 AA, valid markup, keyboard, motion, colours, zoom."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from . import scenes
from .bench import accounts
from .case import PageCase
from .test_statics import validate

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}


def findings(page, rules=RULES) -> list[str]:
    # Behind a dialog nothing can be reached.
    place = "dialog[open]" if page.locator("dialog[open]").count() else None
    found = Axe().run(page, context=place, options=rules).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]}: {node.get('failureSummary', '')}"
        for fault in found
        for node in fault["nodes"][:3]
    ]


class Access(PageCase):
    configuration = scenes.CONFIGURATION

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = scenes.fill(cls.bench)

    def test_axe_finds_nothing_in_any_view_or_dialog_in_either_theme(self):
        ids = self.ids
        with self.visit() as visit:
            visit.expects("failed: 401 ")
            page = visit.page

            def judge(what):
                # The themes differ in their colours alone.
                for theme, rules in (("dark", CONTRAST), ("light", RULES)):
                    page.emulate_media(color_scheme=theme)
                    page.wait_for_selector(f"html[data-theme={theme}]", state="attached")
                    with self.subTest(view=what, theme=theme):
                        self.assertEqual(findings(page, rules), [])

            page.goto(visit.url + "/")
            expect(page.locator("input[name=token]")).to_be_visible()
            judge("login")
            visit.open()
            routes = scenes.VIEWS | {
                name: f"#/campaigns/{ids[name]}?status=failed"
                for name in ("draft", "halted", "scheduled")
            }
            for view, route in routes.items():
                visit.go(route.format(**ids))
                page.wait_for_selector("main h1")
                judge(view)
            dialogs = {
                "cancel": "running", "retry": "completed", "delete": "completed",
                "recall": "completed", "start": "draft", "edit": "running", "resume": "halted",
            }
            for action, name in dialogs.items():
                visit.go(f"#/campaigns/{ids[name]}?status=failed")
                visit.action(action).first.click()
                expect(page.locator("dialog[open]")).to_be_visible()
                judge(f"{action} dialog")
                page.keyboard.press("Escape")
            visit.go("#/")
            page.locator("body").press("?")
            expect(page.locator("dialog[open]")).to_be_visible()
            judge("shortcuts")
            page.keyboard.press("Escape")
            visit.menu()
            judge("menu")

    def test_axe_finds_what_is_planted(self):
        with self.visit() as visit:
            page = visit.open()
            page.evaluate(
                """() => { const image = document.createElement('button');
                    document.querySelector('main').append(image); }"""
            )
            self.assertTrue(any(text.startswith("button-name") for text in findings(page)))

    def test_the_document_of_each_view_is_valid(self):
        documents = {}
        with self.visit() as visit:
            visit.expects("failed: 401 ")
            page = visit.page
            page.goto(visit.url + "/")
            expect(page.locator("input[name=token]")).to_be_visible()
            documents["login"] = page.content()
            visit.open()
            for view, route in scenes.VIEWS.items():
                visit.go(route.format(**self.ids))
                page.wait_for_selector("main h1")
                documents[view] = page.content()
        self.assertEqual(validate(documents), "")

    def test_headings_are_in_order_and_focus_goes_to_them(self):
        with self.visit() as visit:
            page = visit.open()
            for view, route in scenes.VIEWS.items():
                with self.subTest(view):
                    visit.go(route.format(**self.ids))
                    expect(page.locator("h1")).to_have_count(1)
                    levels = page.evaluate(
                        """() => [...document.querySelectorAll('h1, h2, h3, h4')]
                            .filter(heading => heading.checkVisibility())
                            .map(heading => Number(heading.tagName[1]))"""
                    )
                    self.assertEqual(levels[0], 1)
                    jumps = [b for a, b in zip(levels, levels[1:]) if b > a + 1]
                    self.assertEqual(jumps, [], levels)
                    if view != "overview":
                        expect(page.locator("h1")).to_be_focused()
                    for landmark in ("header", "main", "nav", "[role=status]"):
                        expect(page.locator(landmark).first).to_be_attached()

    def test_focus_can_be_seen_wherever_it_goes(self):
        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{self.ids['running']}")
            page.evaluate("() => document.activeElement.blur()")
            unseen, names = [], set()
            for _ in range(40):
                page.keyboard.press("Tab")
                name, shown = page.evaluate(
                    """() => { const element = document.activeElement;
                        const style = getComputedStyle(element);
                        const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth);
                        return [element.outerHTML.slice(0, 120),
                            element === document.body || ring >= 1 || style.boxShadow !== 'none']; }"""
                )
                names.add(name)
                if not shown:
                    unseen.append(name)
            self.assertGreater(len(names), 15)
            self.assertEqual(unseen, [])

    def test_the_skip_link_is_first_and_leads_to_the_content(self):
        with self.visit() as visit:
            page = visit.open()
            page.evaluate("() => document.activeElement.blur()")
            page.keyboard.press("Tab")
            self.assertTrue(page.evaluate("() => document.activeElement.matches('.skip')"))
            page.keyboard.press("Enter")
            self.assertEqual(page.evaluate("() => document.activeElement.id"), "main")

    def test_shortcuts_lead_about_and_can_be_turned_off(self):
        with self.visit() as visit:
            page = visit.open()
            for keys, fragment in (("gc", "#/campaigns"), ("go", "#/"), ("n", "#/new")):
                page.evaluate("() => document.activeElement.blur()")
                for key in keys:
                    page.keyboard.press(key)
                page.wait_for_url(f"**/{fragment}")
                visit.settle()
            # Off in a field.
            page.locator("[name=text]").press("g")
            page.locator("[name=text]").press("c")
            self.assertTrue(page.url.endswith("#/new"))
            page.locator("[name=text]").fill("")
            visit.go("#/campaigns")
            page.keyboard.press("/")
            expect(page.locator("input[type=search], [data-search]").first).to_be_focused()
            visit.go("#/")
            visit.menu().locator("[name=shortcuts]").uncheck()
            page.keyboard.press("Escape")
            page.evaluate("() => document.activeElement.blur()")
            page.keyboard.press("n")
            self.assertTrue(page.url.endswith("#/"))

    def test_whoever_wants_no_motion_gets_none(self):
        with self.visit(reduced_motion="reduce") as visit:
            page = visit.open(f"#/campaigns/{self.ids['running']}")
            moving = page.evaluate(
                """() => [...document.querySelectorAll('*')].filter(element => {
                    const { transitionDuration, animationDuration, animationName } =
                        getComputedStyle(element);
                    const long = text => text.split(',').some(part => parseFloat(part) > 0.01);
                    return long(transitionDuration) || (animationName !== 'none'
                        && long(animationDuration));
                }).map(element => element.outerHTML.slice(0, 80))"""
            )
            self.assertEqual(moving, [])

    def test_forced_colours_leave_the_parts_of_a_bar_apart(self):
        with self.visit(forced_colors="active") as visit:
            page = visit.open(f"#/campaigns/{self.ids['completed']}")
            bare = page.evaluate(
                """() => [...document.querySelectorAll('main svg rect:not(.hit)')].filter(part => {
                    const style = getComputedStyle(part);
                    return part.getBoundingClientRect().width > 0
                        && style.stroke === 'none' && !style.fill.startsWith('url');
                }).length"""
            )
            parts = page.locator("main svg rect").count()
            self.assertGreater(parts, 0)
            self.assertEqual(bare, 0)

    def test_at_400_percent_everything_is_there(self):
        # 1280 px at 400 % are 320 px, and the letters are as large as before.
        with self.visit(viewport={"width": 320, "height": 256}) as visit:
            page = visit.open(f"#/campaigns/{self.ids['running']}")
            expect(visit.action("cancel").first).to_be_visible()
            self.assertLessEqual(page.evaluate("() => document.documentElement.scrollWidth"), 320)

    def test_a_table_keeps_its_roles_where_it_is_stacked(self):
        with self.visit(viewport={"width": 360, "height": 740}) as visit:
            page = visit.open("#/campaigns")
            rows = page.locator("main [data-campaign]")
            expect(rows.get_by_role("row").first).to_be_visible()
            expect(rows.get_by_role("cell").first).to_be_visible()


class Keyboard(PageCase):
    def reach(self, page, selector: str):
        """Tabs until the focus is on it."""
        for _ in range(120):
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        self.fail(f"no Tab leads to {selector}")

    def press(self, page, selector: str):
        expect(page.locator(selector).first).to_be_enabled()
        self.reach(page, selector)
        page.keyboard.press("Enter")

    def answer(self, page, action: str):
        verb = page.locator(f"dialog[open] [data-action={action}]")
        expect(verb).to_be_enabled()
        self.press(page, f"dialog[open] [data-action={action}]")
        expect(page.locator("dialog[open]")).to_have_count(0)

    def test_a_campaign_is_made_started_paused_retried_and_canceled_without_a_mouse(self):
        with self.visit() as visit:
            page = visit.open()
            page.keyboard.press("n")
            page.wait_for_url("**/#/new")
            self.reach(page, "[name=text]")
            page.keyboard.type("hello")
            self.reach(page, "[name=recipients]")
            page.keyboard.type("\n".join(["missing-1", *accounts(4)]))
            visit.wait_value("batches", 1)
            self.reach(page, "input[name=messages_per_minute]")
            page.keyboard.type("3")
            expect(visit.action("create").first).to_be_enabled()
            self.press(page, "[data-action=create]")
            expect(visit.action("start").first).to_be_enabled()
            self.press(page, "[data-action=start]")
            page.wait_for_url("**/#/campaigns/*-*")
            id = page.url.rpartition("/")[2]
            within = f"[data-campaign='{id}']"
            visit.wait_value("counts.failed", 1, within)
            self.press(page, "main [data-action=pause]")
            visit.wait_value("state", "paused", within)
            self.press(page, "main [data-action=resume]")
            visit.wait_value("state", "running", within)
            self.press(page, "main [data-action=retry]")
            self.reach(page, "dialog input[type=checkbox]")
            if not page.evaluate("() => document.activeElement.checked"):
                page.keyboard.press("Space")
            self.answer(page, "retry")
            self.press(page, "main [data-action=cancel]")
            self.answer(page, "cancel")
            visit.wait_value("state", "canceled", within)
            self.bench.over(id)
