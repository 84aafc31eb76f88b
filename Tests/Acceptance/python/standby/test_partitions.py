"""The leader is a host of its own, with a cable to the database and one to the provider."""

import os
import socket
import subprocess
import sys
import time
import unittest

from standby import network
from standby.case import Case
from standby.postgres import Pair
from standby.relay import ProviderRelay
from standby.scene import Scene
from standby.suite import FULL, wait_for

REASON = network.why_not()
FORWARDED = 8_000


class HostScene(Scene):
    """`a` is in a namespace; the database, the simulator and `b` are on this side."""

    def build(self):
        self.host = network.Host()
        self.ends.callback(self.host.remove)
        self.database, _ = self.host.connect("database")
        self.provider, _ = self.host.connect("provider")
        super().build()

    def make_pair(self) -> Pair:
        return Pair(self.folder / "pg", listen=f"127.0.0.1,{self.database}")

    def database_url(self, name: str) -> str:
        return self.pair.url(host=self.database if name == "a" else "127.0.0.1")

    def provider_port(self, name: str) -> int:
        if name != "a":
            return super().provider_port(name)
        relay = ProviderRelay(name, self.journal, self.simulator.port, host=self.provider)
        self.ends.callback(relay.close)
        # A provider without TLS must be on loopback.
        forward = [sys.executable, "-m", "standby.forward", FORWARDED, self.provider, relay.port]
        subprocess.Popen(
            ["ip", "netns", "exec", self.host.name, *map(str, forward)],
            cwd=self.folder, env=os.environ,
        )
        return FORWARDED

    def make_node(self, name: str, **more):
        return super().make_node(name, namespace=self.host.name if name == "a" else None, **more)


@unittest.skipIf(REASON, REASON or "")
class Cables(Case):
    """The ground of these stories."""

    def test_a_pulled_cable_is_silent(self):
        host = network.Host()
        self.addCleanup(host.remove)
        here, _ = host.connect("one")
        other, _ = host.connect("other")
        servers = [socket.create_server((address, 0)) for address in (here, other)]
        for server in servers:
            self.addCleanup(server.close)

        def reaches(server) -> bool:
            address, port = server.getsockname()
            done = subprocess.run(
                ["ip", "netns", "exec", host.name, sys.executable, "-c",
                 "import socket, sys\nsocket.create_connection((sys.argv[1], int(sys.argv[2])), 2)",
                 address, str(port)],
                stderr=subprocess.DEVNULL,
            )
            return done.returncode == 0

        self.assertEqual([reaches(server) for server in servers], [True, True])
        host.pull("one")
        self.assertEqual([reaches(server) for server in servers], [False, True])
        host.plug("one")
        wait_for(lambda: reaches(servers[0]), "the cable to carry again")


@unittest.skipIf(REASON, REASON or "")
class Partitions(Case):
    scene_type = HostScene

    def begin(self, scene):
        scene.submit(scene.a)
        scene.journal.wait_for_more(12)

    def test_the_leader_is_cut_off_from_the_database(self):
        """It could still send, and must not: its lease runs out before the standby takes it."""
        with self.scene("cut off from the database") as scene:
            self.begin(scene)
            scene.failed("cut off")
            cut = scene.moments[-1][1]
            scene.host.pull("database")
            scene.journal.wait_for_more(8, of="b", seconds=90)
            first = scene.journal.of("b")[0].arrived
            self.assertEqual(scene.journal.of("a", since=first), [], "one at a time sends")
            self.assertLess(
                max(call.arrived for call in scene.journal.of("a")) - cut, scene.patience
            )
            scene.host.plug("database")
            wait_for(scene.a.stands_by, "a to stand by", 90)
            scene.judge(self)
            self.assertEqual(scene.journal.of("a", since=first), [])

    def test_the_leader_is_cut_off_from_the_provider(self):
        """It leads on and says what is wrong; when the cable is back, everything goes out."""
        with self.scene("cut off from the provider") as scene:
            self.begin(scene)
            scene.failed("cut off")
            scene.host.pull("provider")
            epoch = scene.a.cluster()["epoch"]
            wait_for(
                lambda: time.monotonic() - scene.moments[-1][1] > scene.patience * 2,
                "twice the patience", pause=0.5,
            )
            self.assertTrue(scene.a.leads())
            self.assertTrue(scene.b.stands_by())
            self.assertEqual(scene.journal.of("b"), [])
            scene.host.plug("provider")
            scene.journal.wait_for_more(8, of="a", seconds=90)
            scene.judge(self)
            self.assertEqual(scene.a.cluster()["epoch"], epoch)

    @unittest.skipUnless(FULL, "with --full")
    def test_the_leader_is_cut_off_from_everything(self):
        with self.scene("cut off from everything") as scene:
            self.begin(scene)
            scene.failed("cut off")
            scene.host.pull("database")
            scene.host.pull("provider")
            scene.journal.wait_for_more(8, of="b", seconds=90)
            scene.host.plug("database")
            scene.host.plug("provider")
            wait_for(scene.a.stands_by, "a to stand by", 90)
            scene.judge(self)

    @unittest.skipUnless(FULL, "with --full")
    def test_a_cable_that_is_loose(self):
        """In and out, for a moment shorter than the patience and for one that is longer."""
        with self.scene("a loose cable") as scene:
            self.begin(scene)
            for seconds in (2, scene.patience + 3, 1):
                scene.failed(f"{seconds} s")
                scene.host.pull("database")
                began = time.monotonic()
                wait_for(lambda: time.monotonic() - began > seconds, "the cable")
                scene.host.plug("database")
                scene.journal.wait_for_more(4, seconds=90)
            scene.judge(self)
