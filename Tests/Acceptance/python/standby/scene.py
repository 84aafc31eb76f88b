"""Nodes, a simulator and a database pair of their own for a story, and the story's judgement."""

import contextlib
import itertools
import json
import math
import secrets
import subprocess
import threading
import time
import unittest

from standby.node import Node, Simulator
from standby.postgres import Pair
from standby.relay import Gate, Journal, ProviderRelay
from standby.suite import EXECUTABLE, FOLDER, FULL, end_all_in, note, remove, wait_for

MESSAGE = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}


class Pace:
    """How fast a story's nodes send.

    The whole quota may go out at once, so that it is spent soon and its end can be seen: a leader
    that forgot what the one before had sent would break it in the first minute.
    """

    quota, burst, batch, calls, in_flight = 2_400, 2_400, 25, 4, 4
    recipients = 2_700
    patience = 6


class FullPace(Pace):
    """The one that the design was measured with."""

    quota, burst, batch, calls, in_flight = 12_000, 1_500, 50, 200, 64
    recipients = 20_000
    patience = 12


class Scene:
    """Two nodes, of which `a` leads, on a pair; everything of it ends with the `with` statement."""

    numbers = itertools.count()

    def __init__(self, title: str, pace=None, gated: bool = False, started: bool = True,
                 settings: dict | None = None, patience: float | None = None):
        self.title = title
        self.pace = pace or (FullPace if FULL else Pace)
        self.patience = patience or self.pace.patience
        self.folder = FOLDER / f"{next(self.numbers)}-{secrets.token_hex(3)}"
        self.journal = Journal()
        self.is_gated, self.is_started = gated, started
        self.settings = settings or {}
        self.campaigns: dict[str, set[str]] = {}
        self.moments: list[tuple[str, float]] = []

    def __enter__(self) -> "Scene":
        self.folder.mkdir(mode=0o755)
        self.ends = contextlib.ExitStack()
        self.ends.callback(remove, self.folder)
        self.ends.callback(end_all_in, self.folder)
        try:
            self.build()
        except BaseException:
            self.ends.close()
            raise
        return self

    def __exit__(self, *_):
        self.ends.close()

    def build(self):
        self.pair = self.make_pair()
        thread = threading.Thread(target=self.pair.start)
        thread.start()
        for name, text in (
            ("secret-key", secrets.token_hex(32)), ("token", secrets.token_hex(32)),
            ("password", self.pair.password + "\n"),
        ):
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(text)
        self.simulator = Simulator(
            self.folder, self.folder, "--quota", str(self.pace.quota), "--window", "rolling"
        )
        self.simulator.set(delay_out_ms=[40, 250])
        thread.join()
        self.pair.wait_until_synchronous()
        self.gates: dict[str, list[Gate]] = {}
        self.nodes = {name: self.make_node(name) for name in ("a", "b")}
        self.a, self.b = self.nodes["a"], self.nodes["b"]
        if self.is_started:
            self.start_nodes()

    def make_pair(self) -> Pair:
        return Pair(self.folder / "pg")

    def database_url(self, name: str) -> str:
        """A node's way to both servers."""
        if not self.is_gated:
            return self.pair.url()
        gates = [Gate(server.port) for server in self.pair.servers]
        for gate in gates:
            self.ends.callback(gate.close)
        self.gates[name] = gates
        ports = ",".join(str(gate.port) for gate in gates)
        return f"host=127.0.0.1,127.0.0.1 port={ports} dbname=fanoutd user=fanoutd"

    def provider_port(self, name: str) -> int:
        """A node's way to the simulator, past who notes its calls."""
        relay = ProviderRelay(name, self.journal, self.simulator.port)
        self.ends.callback(relay.close)
        return relay.port

    def make_node(self, name: str, **more) -> Node:
        pace = self.pace
        settings = {
            "tencent.endpoint": f"http://127.0.0.1:{self.provider_port(name)}",
            "store.postgres.url": self.database_url(name),
            "cluster.patienceSeconds": self.patience,
            "limits.messagesPerMinute": pace.quota,
            "limits.burst": pace.burst,
            "limits.batchAccounts": pace.batch,
            "limits.callsPerSecond": pace.calls,
            "limits.maxInFlight": pace.in_flight,
            "retry.baseSeconds": 0.5,
            "retry.capSeconds": 2,
        }
        return Node(name, self.folder / name, self.folder, settings | self.settings, **more)

    def start_nodes(self):
        """`a` leads, since it was there alone."""
        self.a.start().wait_until_up()
        wait_for(self.a.leads, "a to lead")
        # Before it has looked at the database, what becomes of that may keep it from starting.
        self.b.start().wait_until_up()
        wait_for(self.b.follows, "b to follow a")

    def leader(self) -> Node | None:
        return next((node for node in self.nodes.values() if node.leads()), None)

    def wait_for_leader(self, node: Node, seconds: float = 60):
        wait_for(node.leads, f"{node.name} to lead", seconds)

    # What is sent

    def audience(self, count: int) -> list[str]:
        """Some don't exist; of no two campaigns the same. Those come last, and most that a failure
        hits are plain users."""
        mark = f"{len(self.campaigns)}-{secrets.token_hex(2)}"
        return [
            f"missing-{mark}-{number}" if number % 50 == 7 else
            f"a-user-{mark}-{number}"
            for number in range(count)
        ]

    def submit(self, node: Node, count: int | None = None, accounts=None, **more) -> str:
        """Posts until it is acknowledged, as a client does that repeats with one key."""
        accounts = accounts or self.audience(count or self.pace.recipients)
        key = secrets.token_hex(8)
        body = {"message": MESSAGE, "recipients": accounts} | more
        end = time.monotonic() + 90
        while True:
            try:
                answer = node.post("/v1/campaigns", body, Idempotency_Key=key)
                if answer.status == 201:
                    break
                said = f"{answer.status} {answer.body!r}"
                if answer.status < 500:
                    raise AssertionError(said)
            except OSError as fault:
                said = repr(fault)
            if time.monotonic() > end:
                raise AssertionError(f"the campaign isn't taken: {said}")
            node = self.leader() or node
            time.sleep(0.2)
        id = answer.json["id"]
        self.campaigns[id] = set(accounts)
        return id

    def background(self, *words, stdout) -> subprocess.Popen:
        """A command that is told of both nodes, and goes on while they fail."""
        urls = ",".join(node.url for node in self.nodes.values())
        return subprocess.Popen(
            [EXECUTABLE, *map(str, words), "--url", urls, "--token-file", self.folder / "token"],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT, cwd=self.folder,
        )

    # What fails

    def failed(self, what: str):
        """Marks the moment of a failure, at which sending may pause and what is out is in doubt."""
        self.moments.append((what, time.monotonic()))

    # The judgement

    def judge(self, test: unittest.TestCase, twice: int | None = None, seconds: float = 240,
              longest: float = 60):
        """Waits for every campaign's end and holds everything against what is promised."""
        self.wait_for_completion(seconds)
        time_of_end = time.monotonic()
        report = self.simulator.report()
        starts = [at for _, at in self.moments] + [math.inf]
        gaps = {
            what: self.gap(at, starts[index + 1]) for index, (what, at) in enumerate(self.moments)
        }
        if self.title:
            note(
                title=self.title,
                gaps=gaps,
                twice=report["accepted_twice"],
                busiest=report["busiest_60s"],
                quota=self.pace.quota,
                seconds=time_of_end - self.journal.calls[0].arrived,
            )
        self.judge_provider(test, twice)
        for what, gap in gaps.items():
            test.assertLess(gap, longest, what)
        resent = 0
        leader = wait_for(self.leader, "a leader to ask")
        for id, names in self.campaigns.items():
            campaign = leader.get(f"/v1/campaigns/{id}").json
            counts = campaign["counts"]
            statuses = [value for name, value in counts.items() if name != "total"]
            test.assertEqual(counts["total"], len(names))
            test.assertEqual(sum(statuses), counts["total"])
            resent += campaign["resent"]
            self.judge_recipients(test, leader, id, names, counts)
        test.assertLessEqual(report["accepted_twice"], resent, "what went out twice is counted")
        self.judge_words(test)

    def gap(self, moment: float, end: float = math.inf) -> float:
        """How long a failure kept everybody from sending; it may show only after a while."""
        return self.journal.gap(moment, within=min(self.pace.patience, end - moment))

    def judge_provider(self, test: unittest.TestCase, twice: int | None):
        """What the simulator counted; a failure leaves at most the calls in flight in doubt."""
        self.journal.wait(lambda calls: all(call.answered for call in calls), "all answers")
        report = self.simulator.report()
        test.assertLessEqual(report["busiest_60s"], self.pace.quota, "busiest_60s")
        test.assertNotIn("90057", report["refusals"])
        accounts = {name for names in self.campaigns.values() for name in names}
        existing = sum(not name.startswith("missing-") for name in accounts)
        in_flight = len(self.moments) * self.pace.in_flight * self.pace.batch
        limit = in_flight if twice is None else twice
        test.assertEqual(
            report["accepted"] - report["accepted_twice"], existing, self.lost(accounts)
        )
        # The simulator drops the very same call within a second, and answers it all the same.
        test.assertLessEqual(report["accepted_twice"], self.journal.accepted_twice(), "noted")
        test.assertLessEqual(report["accepted_twice"], limit, "accepted_twice")

    def lost(self, accounts: set[str]) -> str:
        """Who exists and was accepted by no call, with what the wire saw and the leader says."""
        taken = {name for call in list(self.journal.calls) for name in call.accepted}
        lost = sorted(name for name in accounts - taken if not name.startswith("missing-"))
        told = [f"{len(lost)} weren't accepted; failures: {self.moments}"]
        for name in lost[:2]:
            rows = [
                node.get(f"/v1/campaigns/{id}/recipients/{name}").json
                for id, names in self.campaigns.items() if name in names
                for node in self.nodes.values() if node.leads()
            ]
            told.append(f"{name}: {self.journal.tale(name)}: {rows}")
        return "\n".join(told)

    def judge_recipients(self, test, leader: Node, id: str, names: set[str], counts: dict):
        """Each recipient's own status, and that there is nobody else."""
        export = leader.get(f"/v1/campaigns/{id}/recipients", Accept="application/x-ndjson")
        rows = [json.loads(line) for line in export.body.splitlines()]
        test.assertEqual(len(rows), len(names))
        test.assertEqual({row["account"] for row in rows}, names)
        repeated = self.journal.repeated()
        unknown = {row["account"] for row in rows if row["status"] == "unknown"}
        wrong = [row for row in rows if not self.is_right(row, repeated)]
        test.assertEqual(wrong[:3], [], f"and {len(wrong)} in all")
        sent = sum(not name.startswith("missing-") for name in names)
        test.assertEqual(counts["sent"], sent)
        test.assertEqual(counts["failed"] + counts["unknown"], len(names) - sent)
        test.assertEqual(counts["unknown"], len(unknown))

    def is_right(self, row: dict, repeated: set[str]) -> bool:
        """Of who doesn't exist and was in a call in doubt, nobody can say it for sure."""
        if not row["account"].startswith("missing-"):
            return (row["status"], row["code"]) == ("sent", 0)
        if row["status"] == "unknown":
            return row["account"] in repeated
        return row["status"] == "failed" and row["code"] in (70107, 90012)

    def wait_for_completion(self, seconds: float):
        def are_completed():
            leader = self.leader()
            if not leader:
                return False
            try:
                campaigns = [leader.get(f"/v1/campaigns/{id}") for id in self.campaigns]
            except OSError:
                return False
            return all(
                answer.status == 200 and answer.json["state"] == "completed"
                for answer in campaigns
            )

        wait_for(are_completed, "the campaigns to complete", seconds, pause=0.5)

    def judge_words(self, test):
        """No log has a secret."""
        hidden = [(self.folder / name).read_text().strip()
                  for name in ("password", "token", "secret-key")]
        for node in self.nodes.values():
            for secret in hidden:
                test.assertFalse(secret in node.log(), f"{node.name}'s log has a secret")

    def story(self) -> str:
        """What the nodes said, for whoever has to find out why a story went wrong."""
        parts = [f"-- {name}'s log, its end\n{node.log()[-6000:]}"
                 for name, node in getattr(self, "nodes", {}).items()]
        return "\n".join(parts)
