"""The stream: it breaks, is hidden, is cut by proxies, and the numbers stay true."""

import shutil
import socket
import subprocess
import unittest

from playwright.sync_api import expect

from .bench import Bench, FAST, accounts
from .case import EXECUTABLE, PageCase
from ports import free_port

# What a browser does to a tab that isn't looked at.
VISIBILITY = """hidden => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    Object.defineProperty(document, 'visibilityState',
        { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
LOOKS = """() => [...document.querySelectorAll("main [data-field='window.held'], main .bar, main p")]
    .map(number => getComputedStyle(number)).map(({ color, opacity, filter }) =>
        [color, opacity, filter].join())"""
BARS = "() => document.querySelectorAll('[data-at]').length"


class Live(PageCase):
    def test_a_killed_daemon_dims_the_numbers_and_its_restart_revives_them(self):
        bench = self.enterContext(Bench(EXECUTABLE, FAST, ("--window", "off")))
        proxy = self.proxy(bench)
        id = bench.campaign(accounts(300))
        bench.over(id)
        with self.visit(proxy.url, bench=bench) as visit:
            visit.expects(r"failed: |console: ")
            page = visit.open()
            visit.wait_value("state", "running")
            page.wait_for_function("() => document.querySelectorAll('[data-at]').length > 0")
            page.evaluate("() => { window.mark = true }")
            fresh = page.evaluate(LOOKS)
            bench.kill()
            page.wait_for_selector("html[data-live=off]", state="attached", timeout=5_000)
            # The numbers stay, but not as if they were of now.
            self.assertEqual(visit.value("state"), "running")
            self.assertNotEqual(page.evaluate(LOOKS), fresh)
            bench.serve()
            page.wait_for_selector("html[data-live=on]", state="attached", timeout=35_000)
            self.assertTrue(page.evaluate("() => window.mark"))
            self.assertGreater(page.evaluate(BARS), 0)

    def test_a_page_looks_for_its_daemon_at_once_when_the_network_is_back(self):
        bench = self.enterContext(Bench(EXECUTABLE))
        proxy = self.proxy(bench)
        with self.visit(proxy.url, bench=bench) as visit:
            visit.expects(r"failed: ")
            page = visit.open()
            bench.kill()
            page.wait_for_selector("html[data-live=off]", state="attached")
            bench.serve()
            page.evaluate("() => dispatchEvent(new Event('online'))")
            page.wait_for_selector("html[data-live=on]", state="attached", timeout=5_000)

    def test_a_stream_that_is_cut_in_the_middle_of_an_event_is_opened_again(self):
        proxy = self.proxy()
        with self.visit(proxy.url) as visit:
            visit.expects(r"failed: ")
            page = visit.open()
            proxy.cut.set()
            id = self.bench.campaign(accounts(700))
            page.wait_for_selector("html[data-live=off]", state="attached")
            proxy.cut.clear()
            page.wait_for_selector("html[data-live=on]", state="attached")
            self.bench.over(id)
            visit.go(f"#/campaigns/{id}")
            visit.wait_value("counts.sent", 700, f"[data-campaign='{id}']")

    def test_an_answer_that_an_event_has_overtaken_has_not_the_last_word(self):
        id = self.bench.campaign(accounts(5), messages_per_minute=1)
        self.bench.wait_for(lambda: self.bench.shown(id)["counts"]["sent"], "the first")
        within = f"[data-campaign='{id}']"
        held = []

        def hold(route):
            if held:
                return route.continue_()
            held.append((route, route.fetch()))

        with self.visit() as visit:
            page = visit.open(f"#/campaigns/{id}")
            visit.wait_value("state", "running", within)
            page.route(f"**/v1/campaigns/{id}", hold)
            # All is asked for anew.
            page.locator("header button.freeze").click()
            page.locator("header button.freeze").click()
            self.bench.wait_for(lambda: page.evaluate("() => 1") and held, "the answer")
            self.bench.act(id, "cancel")
            self.bench.over(id)
            visit.wait_value("state", "canceled", within)
            route, answer = held[0]
            with page.expect_response(f"**/v1/campaigns/{id}") as again:
                route.fulfill(response=answer)
                visit.wait_value("state", "running", within)
            self.assertEqual(again.value.json()["state"], "running")
            visit.wait_value("state", "canceled", within)

    def test_a_tab_that_is_hidden_for_a_minute_lets_go_of_its_stream(self):
        with self.visit() as visit:
            page = visit.page
            page.clock.install()
            visit.open()
            page.evaluate(VISIBILITY, True)
            page.clock.fast_forward(30_000)
            self.assertEqual(page.get_attribute("html", "data-live"), "on")
            self.assertEqual(len(visit.streams()), 1)
            page.clock.fast_forward(31_000)
            page.wait_for_selector("html[data-live=off]", state="attached")
            self.assertEqual(visit.streams(), [])
            id = self.bench.campaign(accounts(400), name="while nobody looked")
            self.bench.over(id)
            page.evaluate(VISIBILITY, False)
            visit.wait_live()
            visit.go("#/campaigns")
            expect(page.locator(f"[data-campaign='{id}']").first).to_be_visible()

    def test_eight_tabs_load_when_six_of_them_are_hidden(self):
        # A browser has six connections to an origin, and a stream keeps one.
        with self.visit() as visit:
            # A tab asks without the token where the others take long to give it theirs.
            visit.tolerates("failed: 401 ")
            visit.page.clock.install()
            visit.open()
            for number in range(7):
                visit.page.evaluate("() => 0")
                if number < 6:
                    tab = visit.context.pages[-1]
                    tab.evaluate(VISIBILITY, True)
                    tab.clock.fast_forward(61_000)
                    tab.wait_for_selector("html[data-live=off]", state="attached")
                tab = visit.context.new_page()
                tab.goto(visit.url + "/")
                visit.wait_live(tab)
                self.assertEqual(visit.value("state", page=tab), "running")
            self.assertEqual(len(visit.context.pages), 8)

    def test_numbers_can_be_frozen_for_reading(self):
        with self.visit() as visit:
            page = visit.open("#/campaigns")
            page.locator("header button.freeze").click()
            page.wait_for_selector("html[data-live=paused]", state="attached")
            self.bench.over(self.bench.campaign(accounts(3)))
            page.locator("header button.freeze").click()
            visit.wait_live()

    def test_a_restart_that_changes_the_version_asks_for_a_reload(self):
        bench = self.enterContext(Bench(EXECUTABLE, FAST, ("--window", "off")))
        proxy = self.proxy(bench)

        def restart(version: str | None):
            """The executable has one version, so the proxy says another one."""
            bench.kill()
            page.wait_for_selector("html[data-live=off]", state="attached")
            if version:
                proxy.edit("/v1/session", lambda answer: answer | {"version": version})
                proxy.change("words.js", "'Overview", f"'Overview {version}")
            bench.serve()

        with self.visit(proxy.url, bench=bench) as visit:
            visit.expects(r"failed: ")
            page = visit.open()
            line = page.locator("header p.line", has_text="was updated")
            overview = page.locator("header nav a").first
            restart(None)
            visit.wait_live()
            expect(line).to_be_hidden()
            restart("98.0.0")
            visit.wait_live()
            expect(line).to_be_visible()
            expect(overview).to_have_text("Overview")
            # The files are the new version's after that, whatever the browser has kept.
            line.locator("button").click()
            expect(overview).to_have_text("Overview 98.0.0")
            visit.wait_live()
            expect(line).to_be_hidden()
            # Nor does logging out and in again make the old files new ones.
            visit.log_out()
            restart("99.0.0")
            page.locator("input[name=token]").fill(bench.token)
            page.locator("[data-action=login]").click()
            visit.wait_live()
            expect(line).to_be_visible()


class Proxies(PageCase):
    """Under a path, with the Host sent as loopback and buffering off."""

    def serve(self, command, port):
        log = (self.bench.folder / "proxy-log").open("ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.bench.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        url = f"http://127.0.0.1:{port}/a/b"
        self.bench.wait_for(lambda: process.poll() is None and self.reached(port), command[0])
        return url

    def reached(self, port) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def works(self, url):
        with self.visit(url) as visit:
            page = visit.open()
            id = self.bench.campaign(accounts(9), messages_per_minute=4)
            # The stream brings it: nothing is asked for again.
            expect(page.locator(f"[data-campaign='{id}']").first).to_be_attached()
            visit.go(f"#/campaigns/{id}")
            visit.wait_value("counts.sent", 4, f"[data-campaign='{id}']")
            self.bench.act(id, "cancel")
            visit.wait_value("state", "canceled", f"[data-campaign='{id}']")
            visit.go("#/new")
            page.reload()
            visit.wait_live()

    @unittest.skipUnless(shutil.which("nginx"), "Debian's nginx-light isn't here")
    def test_behind_nginx(self):
        port = free_port()
        folder = self.bench.folder
        target = self.url.removeprefix("http://")
        (folder / "nginx.conf").write_text(
            f"""\
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2;
  fastcgi_temp_path {folder}/n3; uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  server {{
    listen 127.0.0.1:{port};
    location /a/b/ {{
      proxy_pass http://{target}/; proxy_http_version 1.1; proxy_set_header Host {target};
      proxy_buffering off; proxy_request_buffering off; client_max_body_size 0;
      proxy_read_timeout 1h;
    }}
  }}
}}
"""
        )
        self.works(self.serve(["nginx", "-c", str(folder / "nginx.conf")], port))

    @unittest.skipUnless(shutil.which("caddy"), "Debian's caddy isn't here")
    def test_behind_caddy(self):
        port = free_port()
        (self.bench.folder / "Caddyfile").write_text(
            f"""\
{{
  admin off
  auto_https off
  grace_period 100ms
}}
http://127.0.0.1:{port} {{
  handle_path /a/b/* {{
    reverse_proxy {self.url.removeprefix("http://")} {{
      header_up Host {{upstream_hostport}}
      flush_interval -1
    }}
  }}
}}
"""
        )
        self.works(self.serve(["caddy", "run", "--config", "Caddyfile"], port))
