"""The judgement sees what it must refuse: nodes that know nothing of each other do everything
wrong."""

from standby.case import Case
from standby.scene import Pace, Scene
from standby.suite import wait_for


class Strangers(Scene):
    """Two daemons of one app with a store each, which the contract forbids."""

    def start_nodes(self):
        for node in self.nodes.values():
            for key in list(node.settings):
                if key.startswith(("store.", "cluster.")):
                    node.settings[key] = None
            node.settings |= {"store.path": node.folder / "x.sqlite", "store.minFreeBytes": 0}
            node.start().wait_until_up()
            wait_for(lambda: node.get("/readyz").status == 200, "it to be ready")

    def leader(self):
        return self.a


class Referee(Case):
    scene_type = Strangers

    def test_two_that_send_at_once_are_found_out(self):
        with self.scene("", pace=Pace) as scene:
            accounts = [f"user-{number}" for number in range(1_000)]
            id = scene.submit(scene.a, accounts=accounts)
            scene.submit(scene.b, accounts=accounts)
            scene.campaigns = {id: set(accounts)}
            wait_for(lambda: scene.simulator.report()["accepted"] == 2_000, "both to be done")
            with self.assertRaisesRegex(AssertionError, "accepted_twice"):
                scene.judge_provider(self, twice=100)
            scene.judge_provider(self, twice=1_000)
            scene.submit(scene.a, count=500)
            scene.submit(scene.b, count=500)
            wait_for(
                lambda: scene.simulator.report()["busiest_60s"] > scene.pace.quota,
                "the quota to be broken",
            )
            with self.assertRaisesRegex(AssertionError, "busiest_60s"):
                scene.judge_provider(self, twice=1_000)

    def test_who_is_lost_is_found_out(self):
        with self.scene("", pace=Pace) as scene:
            id = scene.submit(scene.a, count=100)
            scene.wait_for_completion(60)
            scene.judge(self, twice=0)
            scene.campaigns[id].add("user-nobody")
            with self.assertRaises(AssertionError):
                scene.judge(self, twice=0)

    def test_a_leader_that_nobody_follows_is_found_out(self):
        with self.scene("", pace=Pace) as scene:
            scene.submit(scene.a)
            scene.journal.wait_for_more(4)
            scene.failed("killed")
            scene.a.kill()
            with self.assertRaisesRegex(AssertionError, "in vain"):
                scene.journal.wait_for_more(8, of="b", seconds=3)
            self.assertEqual(scene.gap(scene.moments[-1][1]), float("inf"))
