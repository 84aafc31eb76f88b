"""What fails in life: the leader, the database's primary, both, and the lines between them."""

import os
import threading
import time
import unittest

from standby.case import Case
from standby.scene import Pace
from standby.suite import FULL, wait_for


def slack() -> float:
    """What a takeover may last beyond the patience: its machine runs the other stories too."""
    return 5 + 3 * max(0, os.getloadavg()[0] / os.cpu_count() - 1)


class Experiments(Case):
    def begin(self, scene, calls: int = 12):
        """A campaign on its way, from the node that leads."""
        scene.submit(scene.leader())
        scene.journal.wait_for_more(calls)

    def fail_at_a_call(self, scene, what: str, action):
        """Does it while the provider has a call that nobody has answered yet."""
        happened = threading.Event()

        def strike():
            scene.failed(what)
            action()
            happened.set()

        scene.journal.at(lambda call: True, strike)
        self.assertTrue(happened.wait(60), f"no call came for: {what}")

    def test_the_leader_is_killed(self):
        with self.scene("leader killed") as scene:
            self.begin(scene)
            self.fail_at_a_call(scene, "killed", scene.a.kill)
            killed = scene.moments[-1][1]
            scene.journal.wait_for_more(8, of="b")
            self.assertEqual(scene.journal.of("a", since=killed + 0.5), [])
            scene.judge(self)
            self.assertLess(scene.gap(killed), scene.patience + slack())

    def test_the_next_leader_is_stopped_and_woken(self):
        with self.scene("leader killed; the next one stopped and woken") as scene:
            self.begin(scene, calls=6)
            self.fail_at_a_call(scene, "a killed", scene.a.kill)
            scene.journal.wait_for_more(6, of="b")
            scene.a.start().wait_until_up()
            wait_for(scene.a.stands_by, "a to stand by")
            self.fail_at_a_call(scene, "b stopped", scene.b.freeze)
            scene.journal.wait_for_more(6, of="a")
            # Asleep for longer than it is believed, it wakes with calls out and others to come.
            woken = time.monotonic()
            scene.b.thaw()
            wait_for(scene.b.stands_by, "b to stand by")
            self.assertTrue(scene.a.leads())
            scene.judge(self)
            self.assertEqual(scene.journal.of("b", since=woken), [], "the woken one sent nothing")

    def test_leader_and_primary_are_killed_at_once(self):
        with self.scene("leader and primary killed at once") as scene:
            self.begin(scene)

            def strike():
                scene.a.kill()
                scene.pair.primary.kill()

            self.fail_at_a_call(scene, "killed", strike)
            scene.pair.standby.promote()
            scene.journal.wait_for_more(8, of="b", seconds=90)
            scene.judge(self)

    def test_the_primary_is_killed(self):
        with self.scene("primary killed") as scene:
            self.begin(scene)
            epoch = scene.a.cluster()["epoch"]
            self.fail_at_a_call(scene, "primary killed", scene.pair.primary.kill)
            scene.pair.standby.promote()
            scene.journal.wait_for_more(8, seconds=90)
            wait_for(scene.a.leads, "a to lead on")
            scene.judge(self, twice=0)
            self.assertEqual(scene.journal.of("b"), [], "the same leader goes on")
            self.assertEqual(scene.a.cluster()["epoch"], epoch)

    def test_the_primary_hangs(self):
        """Its connections stay, as when a machine's disk stands still: only deadlines tell."""
        with self.scene("primary hangs") as scene:
            self.begin(scene)
            self.fail_at_a_call(scene, "primary hangs", scene.pair.primary.freeze)
            scene.pair.standby.promote()
            scene.journal.wait_for_more(8, seconds=90)
            scene.judge(self)

    def test_two_primaries_live(self):
        """The old leader is left with the old primary; the other side promotes its own."""
        with self.scene("two live primaries", gated=True) as scene:
            self.begin(scene)
            a, b = scene.gates["a"], scene.gates["b"]

            def strike():
                a[1].shut()
                b[0].shut()

            self.fail_at_a_call(scene, "parted", strike)
            parted = scene.moments[-1][1]
            scene.pair.standby.promote()
            scene.journal.wait_for_more(8, of="b", seconds=90)
            late = scene.journal.of("a", since=parted + scene.patience + slack())
            self.assertEqual(late, [], "who lost the lease sends nothing")
            for gate in a + b:
                gate.open()
            wait_for(scene.a.stands_by, "a to stand by with the younger timeline", 90)
            self.assertTrue(scene.b.leads())
            scene.judge(self)

    def test_the_leader_dies_after_two_primaries(self):
        """The leader has gone over to the younger primary, while the old one still lives and
        answers whoever reads it."""
        with self.scene("old primary lives on; then the leader killed") as scene:
            self.begin(scene)
            scene.failed("promoted")
            scene.pair.standby.promote()
            scene.journal.wait_for_more(8, seconds=90)
            leader = wait_for(scene.leader, "a leader")
            other = scene.b if leader is scene.a else scene.a
            self.fail_at_a_call(scene, "killed", leader.kill)
            scene.journal.wait_for_more(8, of=other.name, seconds=90)
            scene.judge(self)

    def test_the_leader_is_stopped_between_claim_and_send(self):
        """Its claim's COMMIT is held, and it sleeps when that is made: the claim is there, and
        whoever claimed it has sent nothing of it."""
        with self.scene("stopped between claim and send", pace=Pace) as scene:
            self.begin(scene)
            held = self.stop_at_a_claim(scene)
            scene.journal.wait_for_more(8, of="b")
            scene.a.thaw()
            wait_for(scene.a.stands_by, "a to stand by")
            scene.judge(self, twice=0)
            self.assertEqual(scene.journal.of("a", since=held), [], "the woken one sent nothing")

    def stop_at_a_claim(self, scene) -> float:
        """Between two calls, when a claim is what comes next."""
        journal, pair = scene.journal, scene.pair

        def is_quiet():
            return all(call.answered for call in list(journal.calls))

        for _ in range(40):
            journal.wait_for_more(1)
            wait_for(is_quiet, "the answers", pause=0)
            time.sleep(0.05)  # what was answered is being recorded
            before = len(journal.calls)
            pair.hold_commits()
            wait_for(pair.waiting_commits, "a COMMIT to wait", pause=0)
            if len(journal.calls) == before and is_quiet():
                stopped = time.monotonic()
                scene.a.freeze()
                pair.release_commits()
                wait_for(lambda: not pair.waiting_commits(), "the COMMIT to be made", pause=0)
                self.assertEqual(len(journal.calls), before, "a call whose claim was held")
                # Of the calls that were ever claimed this one alone wasn't sent, and all others are
                # recorded.
                out = "SELECT count(*) FROM app_1400000000.batch WHERE state = 'in_flight'"
                ever = "SELECT last_call FROM app_1400000000.clock"
                if [pair.primary.sql(out), pair.primary.sql(ever)] == ["1", str(before + 1)]:
                    scene.moments.append(("stopped", stopped))
                    return stopped
                scene.a.thaw()  # it was something else
            else:
                pair.release_commits()
        raise AssertionError("no claim's COMMIT was caught")

    def test_a_planned_stop(self):
        """With a patience of a minute: the standby doesn't wait for it."""
        with self.scene("planned stop", patience=60) as scene:
            self.begin(scene)
            scene.failed("SIGTERM")
            self.assertEqual(scene.a.terminate(), 0, scene.a.log()[-2000:])
            scene.journal.wait_for_more(8, of="b")
            scene.judge(self, twice=0)

    def test_a_restarted_leader_takes_its_lease_back(self):
        with self.scene("restart of the leader", patience=60) as scene:
            self.begin(scene)
            self.fail_at_a_call(scene, "killed", scene.a.kill)
            scene.a.start()
            scene.journal.wait_for_more(8, of="a")
            wait_for(scene.a.leads, "a to lead")
            self.assertTrue(scene.b.stands_by())
            self.assertEqual(scene.journal.of("b"), [])
            scene.judge(self)

    def test_a_canceled_wait_for_the_standby(self):
        """A COMMIT that an administrator canceled says OK, and a second copy isn't there yet."""
        with self.scene("canceled wait for the standby") as scene:
            self.begin(scene)
            scene.failed("canceled")
            scene.pair.hold_commits()
            answered = threading.Event()
            taken = []

            def submit():
                taken.append(scene.submit(scene.a, count=100))
                answered.set()

            client = threading.Thread(target=submit)
            client.start()
            canceled = 0
            for _ in range(3):
                wait_for(scene.pair.waiting_commits, "a COMMIT to wait", pause=0.01)
                for backend in scene.pair.waiting_commits():
                    scene.pair.primary.sql(f"SELECT pg_cancel_backend({backend})")
                    canceled += 1
                time.sleep(0.3)
            self.assertGreater(canceled, 0)
            self.assertFalse(answered.is_set(), "nothing is acknowledged that one copy has")
            scene.pair.release_commits()
            client.join(90)
            self.assertEqual(len(taken), 1)
            doubts = sum(node.metrics()["fanoutd_store_in_doubt_total"]
                         for node in scene.nodes.values())
            self.assertGreater(doubts, 0)
            scene.judge(self)
            listed = scene.leader().get("/v1/campaigns").json["items"]
            self.assertEqual(len(listed), 2, "repeated with its key it was stored once")

    @unittest.skipUnless(FULL, "with --full")
    def test_what_was_acknowledged_survives_a_canceled_wait_and_the_primary(self):
        """The wait is canceled, and then the one copy dies."""
        with self.scene("canceled wait, then the primary killed") as scene:
            self.begin(scene)
            scene.failed("canceled")
            scene.pair.standby.kill()
            client = threading.Thread(target=lambda: scene.submit(scene.a, count=100))
            client.start()
            for backend in wait_for(scene.pair.waiting_commits, "a COMMIT to wait", pause=0.01):
                scene.pair.primary.sql(f"SELECT pg_cancel_backend({backend})")
            scene.pair.primary.kill()
            scene.pair.standby.start()
            scene.pair.standby.promote()
            client.join(90)
            # Whoever saw what the one copy had sees the database go back, and holds a whole window.
            scene.judge(self, longest=150)
