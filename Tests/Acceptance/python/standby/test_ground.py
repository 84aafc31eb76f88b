"""The ground that the other stories stand on: the pair does what they make of it."""

import subprocess
import threading
import time

from standby.case import Case
from standby.postgres import Pair
from standby.relay import Gate
from standby.suite import FOLDER, end_all_in, remove, running_in, wait_for


class Ground(Case):
    def setUp(self):
        self.folder = FOLDER / f"ground-{self._testMethodName[-8:]}"
        self.folder.mkdir(mode=0o755)
        self.addCleanup(remove, self.folder)
        self.addCleanup(end_all_in, self.folder)
        self.pair = Pair(self.folder / "pg").start()
        self.primary, self.standby = self.pair.servers
        self.primary.sql("CREATE TABLE note (text text)")

    def in_background(self, statement: str) -> threading.Thread:
        def work():
            try:
                self.said.append(self.primary.psql(statement, "fanoutd", 60))
            except subprocess.SubprocessError as fault:
                self.said.append(fault)

        self.said: list = []
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def test_what_was_acknowledged_survives_the_primary(self):
        self.primary.sql("INSERT INTO note VALUES ('kept')")
        self.primary.kill()
        self.assertEqual(running_in(self.primary.data), [])
        self.standby.promote()
        self.assertEqual(self.standby.sql("SELECT text FROM note"), "kept")
        self.assertEqual(self.standby.sql("SELECT pg_is_in_recovery()"), "f")
        # Nobody follows it, and it waits for nobody.
        self.standby.sql("INSERT INTO note VALUES ('new')")

    def test_a_held_commit_waits_and_a_canceled_one_is_made_with_a_warning(self):
        # Gone, not asleep: what waits in a sleeper's socket reaches it when it wakes.
        self.standby.kill()
        thread = self.in_background("INSERT INTO note VALUES ('one copy')")
        backend, = wait_for(self.pair.waiting_commits, "the COMMIT to wait")
        self.assertEqual(self.primary.sql("SELECT count(*) FROM note"), "0")
        self.primary.sql(f"SELECT pg_cancel_backend({backend})")
        thread.join(30)
        self.assertEqual(self.said[0].returncode, 0)
        self.assertIn("canceling wait for synchronous replication", self.said[0].stderr)
        self.assertEqual(self.primary.sql("SELECT count(*) FROM note"), "1")
        # The one copy dies, and what said OK was never there.
        self.primary.kill()
        self.standby.start()
        self.standby.promote()
        self.assertEqual(self.standby.sql("SELECT count(*) FROM note"), "0")

    def test_a_held_commit_is_made_when_the_standby_follows_again(self):
        self.pair.hold_commits()
        thread = self.in_background("INSERT INTO note VALUES ('late')")
        wait_for(self.pair.waiting_commits, "the COMMIT to wait")
        self.pair.release_commits()
        thread.join(30)
        self.assertEqual((self.said[0].returncode, self.said[0].stderr), (0, ""))

    def test_a_frozen_primary_keeps_its_connections_and_says_nothing(self):
        self.primary.freeze()
        with self.assertRaises(subprocess.TimeoutExpired):
            self.primary.sql("SELECT 1", seconds=1)
        self.primary.thaw()
        self.assertEqual(self.primary.sql("SELECT 1"), "1")

    def test_two_primaries_live_and_the_old_ones_commits_wait(self):
        self.standby.promote()
        thread = self.in_background("INSERT INTO note VALUES ('never')")
        wait_for(self.pair.waiting_commits, "the old primary's COMMIT to wait")
        self.standby.sql("INSERT INTO note VALUES ('there')")
        self.assertLess(self.primary.timeline(), self.standby.timeline())
        self.primary.kill()
        thread.join(30)
        self.assertNotEqual(self.said[0].returncode, 0)

    def test_a_shut_gate_is_silent(self):
        gate = Gate(self.primary.port)
        self.addCleanup(gate.close)
        environment = {"PGPASSWORD": self.pair.password, "PATH": "/usr/bin:/bin"}
        command = ["psql", "-XAtq", "-d", self.pair.url(self.primary).replace(
            str(self.primary.port), str(gate.port)), "-c", "SELECT 1"]

        def ask(seconds):
            return subprocess.run(command, env=environment, timeout=seconds,
                                  stdout=subprocess.PIPE, text=True).stdout.strip()

        self.assertEqual(ask(30), "1")
        gate.shut()
        with self.assertRaises(subprocess.TimeoutExpired):
            ask(1)
        gate.open()
        self.assertEqual(ask(30), "1")

    def test_everything_ends_with_its_folder(self):
        self.primary.freeze()
        self.assertGreater(len(running_in(self.folder)), 10)
        began = time.monotonic()
        end_all_in(self.folder)
        self.assertEqual(running_in(self.folder), [])
        self.assertLess(time.monotonic() - began, 30)
