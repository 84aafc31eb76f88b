"""A visit to the page by a browser that notes whatever must never happen, in any story."""

import json
import os
import re
import time
import urllib.error
import urllib.parse

# A slow machine's; whatever is waited for comes within a second on a quiet one.
TIMEOUT = 20_000
FIELDS = """() => [...document.querySelectorAll('[data-field]')].map(element => ({
    field: element.dataset.field,
    value: element.dataset.value ?? null,
    campaign: element.closest('[data-campaign]')?.dataset.campaign ?? null,
    account: element.closest('[data-account]')?.dataset.account ?? null,
    text: element.textContent.trim(),
    at: element.closest('[data-at]')?.dataset.at ?? null,
    own: element.closest('form, dialog, .compose') != null,
    seen: element.getClientRects().length > 0,
}))"""
LISTENER = """document.addEventListener('securitypolicyviolation', event =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"""
# What a story takes for there already shows up missing, as it does on a slow machine now and then.
SLOW = """const ask = fetch;
window.fetch = async (...asked) => {
    await new Promise(done => setTimeout(done, 300));
    return ask(...asked);
}"""
KEPT = {"theme", "lang", "utc", "shortcuts"}
# A view is made while the one before it is still shown. The same view with other parameters stays.
LEAVE = """route => {
    const [here, there] = [location.hash, route].map(hash => hash.split('?')[0]);
    if (here !== there)
        document.querySelector('main').firstElementChild?.setAttribute('data-left', '');
    location.hash = route;
}"""
# These move with the clock while nobody looks.
MOVING = re.compile(r"now|until|eta|next_call_at|window(\.|_used).*|messages_last_minute|in_flight")


class Visit:
    """One browser context; `page` is its first tab.

    Use it in a `with` statement: where its body ends without an error, everything is checked that
    holds in every story. What a story provokes it names with `expects`.
    """

    # Seconds in which the numbers must agree with the API: 2 are promised, and machines differ.
    patience = 10

    def __init__(self, browser, bench, url: str | None = None, token: str | None = None, **options):
        self.bench = bench
        self.url = url or bench.url
        self.token = bench.token if token is None else token
        self.faults = []
        self.allowed = []
        self.tolerated = []
        self.requests = []
        self.ended = set()
        options.setdefault("locale", "en-GB")
        options.setdefault("timezone_id", "Asia/Shanghai")
        options.setdefault("viewport", {"width": 1280, "height": 900})
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(TIMEOUT)
        self.context.add_init_script(LISTENER)
        if os.environ.get("PAGE_SLOW"):
            self.context.add_init_script(SLOW)
        self.context.on("request", self.asked)
        self.context.on("requestfailed", self.failed)
        self.context.on("requestfinished", lambda request: self.ended.add(request))
        self.context.on("response", self.answered)
        self.context.on("console", self.said)
        self.context.on("weberror", lambda error: self.faults.append(f"error: {error.error}"))
        self.page = self.context.new_page()

    # What must not happen.

    def asked(self, request):
        self.requests.append(request)
        if not request.url.startswith((self.url, "data:", "about:")):
            self.faults.append(f"request to another origin: {request.url}")
        if self.token and self.token in request.url:
            self.faults.append("the token is in a URL")

    def failed(self, request):
        self.ended.add(request)
        # The page itself gives up what it no longer needs: a stream, a search that goes on.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.failure} {request.method} {request.url}")

    def answered(self, response):
        if response.status >= 400:
            request = response.request
            self.faults.append(f"failed: {response.status} {request.method} {request.url}")

    def said(self, message):
        # A failed request says so here as well, and is judged by itself.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def expects(self, *patterns: str):
        """The story provokes faults that match these, each at least once."""
        self.allowed += patterns

    def tolerates(self, *patterns: str):
        """Faults that match these are seen on a slow machine alone."""
        self.tolerated += patterns

    def check_faults(self):
        left = [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.allowed + self.tolerated)
        ]
        assert not left, "\n".join(["the visit had faults:", *left])
        for pattern in self.allowed:
            assert any(re.search(pattern, fault) for fault in self.faults), f"no {pattern!r} seen"

    def streams(self) -> list:
        """Those that are open."""
        return [r for r in self.requests if "/v1/events" in r.url and r not in self.ended]

    # Going about.

    def open(self, route: str = "#/", page=None):
        """Logs in by a link with the token and goes on to the route."""
        page = page or self.page
        if page.url.startswith(self.url):
            page.goto("about:blank")
        page.goto(f"{self.url}/#token={self.token}" if self.token else f"{self.url}/")
        self.wait_live(page)
        if route != "#/":
            self.go(route, page)
        return page

    def wait_live(self, page=None):
        (page or self.page).wait_for_selector("html[data-live=on]", state="attached")

    def go(self, route: str, page=None):
        """Goes to a route, whose view has taken the place of another one's on return."""
        page = page or self.page
        page.evaluate(LEAVE, route)
        page.wait_for_function("() => !document.querySelector('main > [data-left]')")
        self.settle(page)

    def settle(self, page=None):
        """Once what has arrived is drawn: two frames later."""
        (page or self.page).evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def value(self, field: str, within: str = "", page=None):
        """The raw value of a field, which must be there once."""
        return (page or self.page).locator(f"{within} [data-field='{field}']").first.get_attribute(
            "data-value"
        )

    def wait_value(self, field: str, value, within: str = "", page=None):
        (page or self.page).wait_for_selector(
            f"{within} [data-field='{field}'][data-value='{value}']", state="attached"
        )

    def action(self, name: str, within: str = ""):
        return self.page.locator(f"{within} [data-action={name}]:visible")

    def menu(self, page=None):
        """The header's menu, opened."""
        page = page or self.page
        menu = page.locator("header details")
        if menu.get_attribute("open") is None:
            menu.locator("summary").click()
        return menu

    def log_out(self, page=None):
        self.menu(page).locator("[data-action=logout]").click()

    def say(self) -> str:
        """What the status region says."""
        return self.page.locator("[role=status]").first.inner_text()

    # What must hold at the end.

    def check_values(self, page=None):
        """Every number and state that is shown is the API's; both go on while one looks."""
        page = page or self.page
        end = time.monotonic() + self.patience
        while True:
            before = Answers(self.bench)
            shown = page.evaluate(FIELDS)
            after = Answers(self.bench)
            wrong = [
                f"{item['campaign'] or ''} {item['field']}: shown {item['value']!r} as"
                f" {item['text']!r}, {wanted}"
                for item in shown
                if not item["own"]
                # A page of recipients says of when it is.
                and item["account"] is None
                and (wanted := disagreement(item, before, after))
            ]
            if not wrong:
                return shown
            if time.monotonic() > end:
                raise AssertionError("\n".join(["the page disagrees with the API:", *wrong]))
            page.wait_for_timeout(100)  # Its numbers may be 2 s old.

    def check_secrets(self):
        for token in filter(None, {self.token, self.bench.token, self.bench.read_token}):
            assert not self.context.cookies(), f"cookies: {self.context.cookies()}"
            assert token not in self.bench.log(), "the token is in the log"
            for page in self.context.pages:
                if not page.url.startswith(self.url):
                    continue
                assert token not in page.url, "the token is in the address"
                assert token not in page.content(), "the token is in the document"
                kept = page.evaluate("() => Object.entries(localStorage)")
                assert {key for key, _ in kept} <= KEPT, f"localStorage holds {kept}"
                assert token not in json.dumps(kept), "the token is in localStorage"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                for page in self.context.pages:
                    live = page.locator("html[data-live=on]").count() > 0
                    if page.url.startswith(self.url) and live:
                        self.check_values(page)
                self.check_secrets()
                self.check_faults()
        finally:
            self.context.close()


class Answers:
    """What the API says, asked for once each."""

    def __init__(self, bench):
        self.bench = bench
        self.kept = {}

    def get(self, path: str):
        if path not in self.kept:
            try:
                self.kept[path] = self.bench.get(path)
            except urllib.error.HTTPError as error:
                self.kept[path] = {"status": error.code}
        return self.kept[path]

    def holder(self, item) -> list[dict]:
        """The objects that may hold the field."""
        if item["at"] and not item["at"].isdigit():
            # An hour or a minute of a chart; without traffic there is none in the history.
            items = self.get("/v1/history?minutes=60").get("items", [])
            return [step for step in items if step["at"] == item["at"]] or [{item["field"]: 0}]
        if item["campaign"]:
            path = f"/v1/campaigns/{item['campaign']}"
            found = [self.get(path)]
            if item["field"].startswith(("causes", "moving", "last_call_at")):
                found = [self.get(path + "/explain")]
            return found
        found = [self.get("/v1/quota"), self.get("/v1/session")]
        if item["field"].startswith("totals"):
            totals = self.get("/v1/campaigns?limit=1&message=false")["totals"]
            found = [{"totals": totals if "." in item["field"] else sum(totals.values())}]
        return found


def lookup(holder, path: str):
    """The raw text of a value at a path; an array's entry is named by its key."""
    value = holder
    for name in path.split("."):
        if isinstance(value, list):
            keyed = [
                entry for entry in value
                if isinstance(entry, dict) and str(next(iter(entry.values()))) == name
            ]
            if keyed:
                value = keyed[0]
                if name == path.split(".")[-1] and "count" in value:
                    value = value["count"]
                continue
            value = value[int(name)] if name.isdigit() and int(name) < len(value) else KeyError
        elif isinstance(value, dict):
            value = value.get(name, KeyError)
        elif value is None:
            return ""
        else:
            value = KeyError
        if value is KeyError:
            return KeyError
    return raw(value)


def raw(value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case _:
            return str(value)


def disagreement(item, before: Answers, after: Answers) -> str | None:
    wanted = []
    for answers in (before, after):
        for holder in answers.holder(item):
            if (value := lookup(holder, item["field"])) is not KeyError:
                wanted.append(value)
    if not wanted:
        # What a daemon doesn't have yet may be shown as nothing.
        return None if item["value"] in ("", "0") else "which the API doesn't have"
    if item["value"] not in wanted and not MOVING.fullmatch(item["field"]):
        return f"the API says {' or '.join(map(repr, dict.fromkeys(wanted)))}"
    if re.fullmatch(r"\d+", item["value"] or "") and item["seen"]:
        numbers = re.findall(r"\d[\d,\u00a0\u202f]*", item["text"])
        if numbers and item["value"] not in {re.sub(r"\D", "", number) for number in numbers}:
            return "and its text has another number"
    return None
