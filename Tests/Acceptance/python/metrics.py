"""The metrics as Prometheus sees them, and the alert rules and dashboard that are made of them."""

import json
import pathlib
import re
import secrets
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

from daemon import Daemon
from ports import free_port

executable = sys.argv.pop(1) if len(sys.argv) > 1 else ".build/debug/fanoutd"
top = pathlib.Path(__file__).parents[3]
config = top / "config"

STEPS = "limits:\n  messagesPerMinute: 600000\nretry:\n  baseSeconds: 0.1\n  capSeconds: 0.2\n"


def promtool(*arguments, text: str | None = None):
    """Its exit code is 0 for some complaints, so its words count too."""
    return subprocess.run(
        ["promtool", *map(str, arguments)],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def names(expression: str) -> set[str]:
    """The metrics that an expression is about: what is neither a label, a string nor a function."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(?:by|on|without|ignoring)\s*\([^)]*\)', " ", expression)
    return set(re.findall(r"\b[a-z]\w*_\w+\b(?!\s*\()", bare)) | set(re.findall(r"\bup\b", bare))


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon = Daemon(executable, STEPS)
        token = secrets.token_hex(32)
        tokens = daemon.folder / "tokens"
        tokens.touch(mode=0o600)
        tokens.write_text(f"prometheus read {token}\n")
        settings = daemon.folder / "fanoutd.yaml"
        text = settings.read_text()
        settings.write_text(text.replace("http:\n", f"http:\n  tokensFile: {tokens}\n"))
        cls.enterClassContext(daemon)
        cls.token = daemon.folder / "fanoutd-token"
        cls.token.write_text(token + "\n")
        cls.run_check()
        cls.campaign = cls.run_campaign()
        cls.start_prometheus()

    @classmethod
    def run_check(cls):
        """Of a draft that is gone afterwards, so that it counts nowhere else."""
        body = {
            "message": {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]},
            "recipients": [f"user-{number}" for number in range(250)],
            "start": False,
        }
        path = "/v1/campaigns/" + cls.daemon.request("POST", "/v1/campaigns", body)["id"]
        cls.daemon.request("POST", path + "/check")
        cls.daemon.wait_for(
            lambda: cls.daemon.get(path)["check"]["state"] == "completed", "the check to complete"
        )
        cls.daemon.request("DELETE", path)

    @classmethod
    def run_campaign(cls):
        """One with an end of every kind but canceled and expired, and a call of unknown outcome."""
        fault = json.dumps({"fail": {"code": 60008, "calls": 1}}).encode()
        url = cls.daemon.simulator_url + "/_simulator/faults"
        urllib.request.urlopen(urllib.request.Request(url, data=fault, method="POST")).close()
        accounts = [f"user-{number}" for number in range(2_000)]
        accounts += [f"missing-{number}" for number in range(30)]
        accounts += [f"flaky-1-91000-{number}" for number in range(20)]
        body = {
            "message": {
                "From_Account": "dave",
                "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}],
            },
            "recipients": accounts,
        }
        id = cls.daemon.request("POST", "/v1/campaigns", body)["id"]
        return cls.daemon.wait_for(
            lambda: (found := cls.daemon.get(f"/v1/campaigns/{id}"))["state"] == "completed"
            and found,
            "the campaign to complete",
        )

    @classmethod
    def start_prometheus(cls):
        """With the example configuration, but other ports and paths, and faster."""
        folder = cls.daemon.folder
        text = (config / "prometheus.yml").read_text()
        changes = {
            "15s": "1s",
            "/etc/prometheus/fanoutd-token": str(cls.token),
            "127.0.0.1:8480": f"127.0.0.1:{cls.daemon.port}",
        }
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        cls.configuration = folder / "prometheus.yml"
        cls.configuration.write_text(text)
        (folder / "alerts.yml").write_text((config / "alerts.yml").read_text())
        port = free_port()
        cls.prometheus = f"http://127.0.0.1:{port}"
        with (folder / "log").open("ab") as log:
            cls.daemon.processes.append(
                subprocess.Popen(
                    ["prometheus", "--log.level=warn", f"--config.file={cls.configuration}"]
                    + [f"--storage.tsdb.path={folder}/tsdb"]
                    + [f"--web.listen-address=127.0.0.1:{port}"],
                    stdout=log,
                    stderr=log,
                )
            )
        cls.daemon.wait_for(lambda: cls.query("up") is not None, "Prometheus to answer")

    @classmethod
    def query(cls, expression: str):
        """The result as a list; None while Prometheus isn't there. A fault in it raises."""
        data = cls.ask("query?" + urllib.parse.urlencode({"query": expression}))
        return data and data["result"]

    @classmethod
    def ask(cls, path: str):
        try:
            with urllib.request.urlopen(f"{cls.prometheus}/api/v1/{path}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return None
            raise AssertionError(f"{path}: {error.read().decode()}")
        except (ConnectionError, urllib.error.URLError):
            return None

    def scrape(self) -> str:
        token = {"Authorization": f"Bearer {self.token.read_text().strip()}"}
        request = urllib.request.Request(self.daemon.url + "/metrics", headers=token)
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(
                answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8"
            )
            return answer.read().decode()

    def series(self) -> list[tuple[str, float]]:
        lines = [line for line in self.scrape().splitlines() if not line.startswith("#")]
        return [(name, float(value)) for name, value in (line.rsplit(" ", 1) for line in lines)]

    def rules(self):
        for group in yaml.safe_load((config / "alerts.yml").read_text())["groups"]:
            yield from group["rules"]

    def targets(self):
        """Of each of the dashboard's panels: its title and its expressions."""
        for panel in json.loads((config / "grafana-dashboard.json").read_text())["panels"]:
            for target in panel["targets"]:
                yield panel["title"], target["expr"]

    def test_the_scrape_wants_a_token(self):
        with self.assertRaises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(self.daemon.url + "/metrics")
        self.assertEqual(raised.exception.code, 401)

    def test_promtool_finds_nothing_to_say(self):
        check = promtool("check", "metrics", text=self.scrape())
        self.assertEqual((check.returncode, check.stdout), (0, ""))

    def test_no_series_comes_twice_and_none_has_an_account(self):
        found = [name for name, _ in self.series()]
        self.assertEqual(len(found), len(set(found)))
        self.assertGreater(len(found), 60)
        for account in ("user-", "missing-", "flaky-"):
            self.assertNotIn(account, self.scrape())

    def test_the_figures_are_those_of_the_campaign(self):
        found = dict(self.series())
        counts = self.campaign["counts"]
        self.assertEqual((counts["sent"], counts["failed"]), (2_020, 30))
        for status in ("sent", "failed", "unknown", "canceled", "expired", "suppressed"):
            name = f'fanoutd_recipients_total{{status="{status}"}}'
            self.assertEqual(found[name], counts[status], status)
        self.assertGreater(self.campaign["resent"], 0)
        self.assertEqual(found["fanoutd_resent_recipients_total"], self.campaign["resent"])
        self.assertEqual(found['fanoutd_calls_total{result="unknown"}'], 1)
        calls = sum(value for name, value in found.items() if name.startswith("fanoutd_calls_total"))
        self.assertEqual(calls, self.daemon.report()["calls"])
        self.assertEqual(found["fanoutd_call_duration_seconds_count"], calls)
        for name, value in (
            ('recipients_total{job="check",result="present"}', 250),
            ('recipients_total{job="check",result="missing"}', 0),
            ('recipients_total{job="verify",result="found"}', 0),
            ('calls_total{job="check",result="refused"}', 0),
            ('calls_total{job="recall",result="answered"}', 0),
        ):
            self.assertEqual(found["fanoutd_job_" + name], value, name)
        self.assertGreaterEqual(found['fanoutd_job_calls_total{job="check",result="answered"}'], 3)
        self.assertEqual(found['fanoutd_errors_total{code="70107"}'], 30)
        self.assertEqual(found['fanoutd_errors_total{code="91000"}'], 20)
        self.assertEqual(found['fanoutd_campaigns{state="completed"}'], 1)
        self.assertEqual(found["fanoutd_queue_recipients"], 0)
        self.assertEqual(found["fanoutd_oldest_queued_seconds"], 0)
        self.assertEqual(found["fanoutd_quota_limit_messages_per_minute"], 600_000)
        self.assertEqual(found['fanoutd_state{state="running"}'], 1)
        self.assertGreater(found["fanoutd_store_commit_duration_seconds_count"], 0)
        self.assertGreater(found["process_resident_memory_bytes"], 1_000_000)
        self.assertGreater(found["process_open_fds"], 5)

    def test_prometheus_scrapes_it(self):
        def sees(expression, value):
            return lambda: [r["value"][1] for r in self.query(expression) or []] == [str(value)]

        self.daemon.wait_for(sees("up", 1), "Prometheus to scrape")
        for status, count in self.campaign["counts"].items():
            if status in ("sent", "failed", "unknown", "canceled", "expired", "suppressed"):
                expression = f'fanoutd_recipients_total{{job="fanoutd",status="{status}"}}'
                self.daemon.wait_for(sees(expression, count), expression)
        [target] = self.ask("targets")["activeTargets"]
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))

    def test_promtool_takes_the_configuration_and_the_rules(self):
        for arguments in (
            ("check", "config", self.configuration),
            ("check", "config", "--syntax-only", config / "prometheus.yml"),
            ("check", "rules", "--lint=all", "--lint-fatal", config / "alerts.yml"),
            ("test", "rules", config / "alerts.test.yml"),
        ):
            with self.subTest(arguments=arguments[:2]):
                check = promtool(*arguments)
                self.assertEqual(check.returncode, 0, check.stdout)
                self.assertNotIn("FAILED", check.stdout)
                self.assertNotIn("WARN", check.stdout.upper())

    def test_prometheus_evaluates_every_rule_and_none_fires(self):
        def evaluated():
            groups = (self.ask("rules") or {}).get("groups", [])
            rules = [rule for group in groups for rule in group["rules"]]
            return rules if rules and all(r["health"] != "unknown" for r in rules) else None

        rules = self.daemon.wait_for(evaluated, "the rules to be evaluated")
        self.assertEqual([rule["name"] for rule in rules], [r["alert"] for r in self.rules()])
        for rule in rules:
            self.assertEqual((rule["name"], rule["health"]), (rule["name"], "ok"), rule)
            firing = [alert for alert in rule["alerts"] if alert["state"] == "firing"]
            self.assertEqual(firing, [], rule["name"])

    def test_every_alert_is_tested_firing_and_quiet_and_is_in_the_runbook(self):
        runbook = (top / "systemd" / "README.md").read_text()
        cases = [
            case
            for test in yaml.safe_load((config / "alerts.test.yml").read_text())["tests"]
            for case in test["alert_rule_test"]
        ]
        for rule in self.rules():
            alert = rule["alert"]
            firing = [bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert]
            self.assertEqual(set(firing), {True, False}, alert)
            self.assertIn(f"`{alert}`", runbook)

    def test_rules_and_dashboard_name_only_what_is_there(self):
        known = {re.sub(r"\{.*", "", name) for name, _ in self.series()}
        known |= set(re.findall(r"^# TYPE (\w+)", self.scrape(), re.M))
        foreign = {"up", "node_filesystem_avail_bytes"}
        # With PostgreSQL alone, whose own test looks at them.
        foreign |= {"fanoutd_leader", "fanoutd_store_synchronous", "fanoutd_store_went_back_total"}
        expressions = [(rule["alert"], rule["expr"]) for rule in self.rules()]
        self.assertGreater(len(expressions), 10)
        for place, expression in [*expressions, *self.targets()]:
            with self.subTest(place=place):
                used = names(expression)
                self.assertTrue(used, expression)
                self.assertLessEqual(used, known | foreign)
        for place, expression in self.targets():
            self.assertFalse(names(expression) & foreign, place)

    def test_every_panel_of_the_dashboard_shows_something(self):
        targets = list(self.targets())
        self.assertGreater(len(targets), 10)
        for title, expression in targets:
            with self.subTest(panel=title):
                expression = expression.replace("$instance", ".+")
                expression = expression.replace("$__rate_interval", "1m")
                self.assertNotIn("$", expression)
                self.daemon.wait_for(lambda: self.query(expression), f"{title}: {expression}")


if __name__ == "__main__":
    unittest.main(verbosity=1)
