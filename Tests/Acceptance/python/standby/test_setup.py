"""What is refused before anything runs, and the way from SQLite to PostgreSQL."""

import signal
import subprocess

from standby.case import Case
from standby.node import Node, command
from standby.postgres import own
from standby.scene import MESSAGE
from standby.suite import EXECUTABLE, wait_for


class Setup(Case):
    """One scene for all, whose nodes are started by whoever needs them."""

    shares_nodes = True

    @classmethod
    def setUpClass(cls):
        cls.at = cls.enterClassContext(cls.scene_type("setup", started=False))
        cls.numbers = 0

    def node(self, **changes) -> Node:
        type(self).numbers += 1
        node = self.at.make_node(f"n{self.numbers}")
        node.settings |= {name.replace("__", "."): value for name, value in changes.items()}
        node.write()
        return node

    def check(self, node: Node):
        done = node.command("check-config", "--config", node.configuration)
        password = self.at.pair.password
        self.assertFalse(password in done.stdout + done.stderr, "the password is shown")
        return done

    def refused(self, node: Node, *words):
        """By check-config and by the daemon's start alike, with what to do."""
        done = self.check(node)
        self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
        node.start()
        self.assertEqual(node.process.wait(60), 78, node.log())
        for text in (done.stderr, node.log()):
            for word in words:
                self.assertIn(word, text)

    def test_a_good_configuration_is_taken_and_shown(self):
        node = self.node()
        done = self.check(node)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("postgres", "patienceSeconds", "app_1400000000", node.name):
            self.assertIn(word, done.stdout)

    def test_a_server_without_synchronous_standbys_is_refused(self):
        primary = self.at.pair.primary
        primary.set(synchronous_standby_names="")
        self.addCleanup(primary.set, synchronous_standby_names="*")
        self.refused(self.node(), "synchronous_standby_names", "store.postgres.requireSynchronous")
        managed = self.check(self.node(store__postgres__requireSynchronous="managed"))
        self.assertEqual(managed.returncode, 0, managed.stderr)
        node = self.node(store__postgres__requireSynchronous=False,
                         store__postgres__schema="unsynchronous")
        self.assertEqual(self.check(node).returncode, 0)
        for _ in range(2):  # at each start
            before = len(node.log())
            node.start().wait_until_up()
            wait_for(node.leads, "it to lead")
            self.assertRegex(node.log()[before:], r"requireSynchronous|synchronous")
            self.assertEqual(node.terminate(), 0)

    def test_tokens_must_be_given(self):
        self.refused(self.node(http__tokenFile=None), "http.tokenFile")
        tokens = self.at.folder / "tokens"
        tokens.touch(mode=0o600)
        tokens.write_text("ops write " + "1" * 64 + "\n")
        node = self.node(http__tokenFile=None, http__tokensFile=tokens)
        self.assertEqual(self.check(node).returncode, 0)

    def test_a_token_file_that_isnt_there_is_not_made(self):
        """Each node would make another."""
        node = self.node(http__tokenFile=self.at.folder / "nowhere")
        self.refused(node, "nowhere")
        self.assertFalse((self.at.folder / "nowhere").exists())

    def test_keys_that_contradict(self):
        self.refused(self.node(store__path=self.at.folder / "x.sqlite"), "store.path")

    def test_values_out_of_range(self):
        for patience in (5, 61):
            with self.subTest(patience=patience):
                self.refused(self.node(cluster__patienceSeconds=patience),
                             "cluster.patienceSeconds", str(patience))
        self.refused(self.node(store__postgres__requireSynchronous="perhaps"), "perhaps")
        self.refused(self.node(store__postgres__url="host=127.0.0.1 prot=1"), "store.postgres.url")

    def test_a_password_in_the_url_is_refused_and_not_shown(self):
        password = self.at.pair.password
        for url in (
            self.at.pair.url() + f" password={password}",
            f"postgresql://fanoutd:{password}@127.0.0.1:{self.at.pair.primary.port}/fanoutd",
        ):
            node = self.node(store__postgres__url=url, store__postgres__passwordFile=None)
            self.refused(node, "store.postgres.url", "passwordFile")
            self.assertFalse(password in node.log())

    def test_a_url_of_the_other_form_is_taken(self):
        servers = self.at.pair.servers
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        url = f"postgresql://fanoutd@{hosts}/fanoutd?target_session_attrs=read-write"
        self.assertEqual(self.check(self.node(store__postgres__url=url)).returncode, 0)

    def test_a_password_that_others_can_read_or_that_is_wrong(self):
        path = self.at.folder / "open-password"
        path.write_text(self.at.pair.password)
        path.chmod(0o644)
        self.refused(self.node(store__postgres__passwordFile=path), "open-password")
        wrong = self.at.folder / "wrong-password"
        wrong.touch(mode=0o600)
        wrong.write_text("not-it")
        done = self.check(self.node(store__postgres__passwordFile=wrong))
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse("not-it" in done.stdout + done.stderr)

    def test_the_database_may_be_reached_by_tls_and_only_by_a_certificate_that_is_trusted(self):
        primary = self.at.pair.primary
        for name in ("server", "stranger"):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=database",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key",
                 "-out", f"{name}.crt"],
                cwd=self.at.folder, check=True, stderr=subprocess.DEVNULL,
            )
        for name in ("server.key", "server.crt"):
            path = primary.data / name
            path.write_bytes((self.at.folder / name).read_bytes())
            path.chmod(0o600)
            own(path)
        primary.set(ssl="on")
        self.addCleanup(primary.set, ssl="off")

        def url(certificate):
            return (f"{self.at.pair.url(primary)} sslmode=verify-full"
                    f" sslrootcert={self.at.folder / certificate}")

        stranger = self.check(self.node(store__postgres__url=url("stranger.crt")))
        self.assertIn("certificate", stranger.stderr)
        node = self.node(store__postgres__url=url("server.crt"), store__postgres__schema="tls")
        done = self.check(node)
        self.assertEqual(done.returncode, 0, done.stderr)
        node.start().wait_until_up()
        wait_for(node.leads, "it to lead")
        kinds = primary.sql("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                            " WHERE usename = 'fanoutd'")
        self.assertEqual(kinds, "t")
        self.assertEqual(node.terminate(), 0)

    # From SQLite

    def sqlite(self) -> Node:
        node = self.node(
            store__path=None, store__postgres__url=None, store__postgres__passwordFile=None,
            cluster__name=None, cluster__advertise=None, cluster__patienceSeconds=None,
            cluster__stateDirectory=None, store__minFreeBytes=0,
        )
        node.settings["store.path"] = node.folder / "fanoutd.sqlite"
        node.write()
        return node

    def fill(self, node: Node) -> dict:
        """Campaigns in several states, suppressions, and a key that is remembered."""
        node.start().wait_until_up()
        wait_for(lambda: node.get("/readyz").status == 200, "SQLite's daemon to be ready")
        self.assertIsNone(node.cluster())
        first = node.post("/v1/campaigns", self.body(300, "first"), Idempotency_Key="one").json
        wait_for(
            lambda: node.get(f"/v1/campaigns/{first['id']}").json["state"] == "completed",
            "the first to complete",
        )
        node.post("/v1/campaigns", self.body(500, "draft", start=False))
        self.assertEqual(node.post("/v1/pause").status, 200)
        node.post("/v1/campaigns", self.body(200, "waits"))
        node.request("PUT", "/v1/suppressions/user-waits-3", {"reason": "asked"})
        return self.kept(node)

    def body(self, count: int, name: str, **more) -> dict:
        accounts = [f"missing-{name}-{number}" if number % 10 == 9 else f"user-{name}-{number}"
                    for number in range(count)]
        return {"message": MESSAGE, "name": name, "recipients": accounts} | more

    def kept(self, node: Node) -> dict:
        """What a move must keep."""
        items = node.get("/v1/campaigns").json["items"]
        rows = {
            item["name"]: node.get(f"/v1/campaigns/{item['id']}/recipients",
                                   Accept="application/x-ndjson").body
            for item in items
        }
        calm = [{name: value for name, value in item.items()
                 if name not in ("eta", "messages_last_minute")} for item in items]
        return {
            "campaigns": calm, "recipients": rows,
            "suppressions": node.get("/v1/suppressions").json["items"],
            "state": node.get("/v1/quota").json["state"],
        }

    def move(self, source: Node, target: Node):
        return command("move", "--from", source.configuration, "--to", target.configuration,
                       cwd=self.at.folder)

    def test_a_stopped_store_is_moved_whole(self):
        source, target = self.sqlite(), self.node(store__postgres__schema="moved")
        before = self.fill(source)
        running = self.move(source, target)
        self.assertNotEqual(running.returncode, 0, "of a running daemon nothing is moved")
        self.assertEqual(source.terminate(), 0)
        moved = self.move(source, target)
        self.assertEqual(moved.returncode, 0, moved.stderr)
        self.assertIn("1,000 recipients are in the schema moved", moved.stdout)
        self.assertIn("campaign: 3\n", moved.stderr)
        again = self.move(source, target)
        self.assertNotEqual(again.returncode, 0, "into a schema that isn't empty")
        self.assertIn("moved", again.stderr)
        target.start().wait_until_up()
        wait_for(target.leads, "the new node to lead")
        self.maxDiff = None
        self.assertEqual(self.kept(target), before)
        key = target.post("/v1/campaigns", self.body(300, "first"), Idempotency_Key="one")
        self.assertEqual(key.json["name"], "first")
        self.assertEqual(len(target.get("/v1/campaigns").json["items"]), 3, "the key is known")
        self.assertEqual(target.post("/v1/resume").status, 200)
        waits = next(item for item in before["campaigns"] if item["name"] == "waits")
        wait_for(
            lambda: target.get(f"/v1/campaigns/{waits['id']}").json["state"] == "completed",
            "what waited to be sent", 120,
        )
        counts = target.get(f"/v1/campaigns/{waits['id']}").json["counts"]
        self.assertEqual((counts["sent"], counts["failed"], counts["suppressed"]), (179, 20, 1))
        self.assertEqual(target.terminate(), 0)

    def test_a_move_that_is_killed_leaves_nothing(self):
        source, target = self.sqlite(), self.node(store__postgres__schema="killed")
        source.start().wait_until_up()
        wait_for(lambda: source.get("/readyz").status == 200, "SQLite's daemon to be ready")
        id = source.post("/v1/campaigns", {"message": MESSAGE, "name": "many"}).json["id"]
        accounts = "\n".join(f"user-{number}" for number in range(300_000)).encode()
        added = source.post(f"/v1/campaigns/{id}/recipients", accounts, Content_Type="text/plain")
        self.assertEqual(added.status, 200)
        self.assertEqual(source.terminate(), 0)
        primary = self.at.pair.primary
        mover = subprocess.Popen(
            [EXECUTABLE, "move", "--from", source.configuration, "--to", target.configuration],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.at.folder,
        )

        def writes():
            active = primary.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'fanoutd'"
                                 " AND backend_xid IS NOT NULL")
            return mover.poll() is not None or active != "0"

        wait_for(writes, "the move to write", pause=0.01)
        self.assertIsNone(mover.poll(), "it was done before it was killed")
        mover.send_signal(signal.SIGKILL)
        mover.wait()
        wait_for(
            lambda: primary.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'fanoutd'") == "0",
            "the server to notice",
        )
        left = primary.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'killed'")
        self.assertEqual(left, "0")
        done = self.move(source, target)
        self.assertEqual(done.returncode, 0, done.stderr)
        target.start().wait_until_up()
        wait_for(target.leads, "the new node to lead")
        total = target.get(f"/v1/campaigns/{id}").json["counts"]["total"]
        self.assertEqual(total, 300_000)
        self.assertEqual(target.terminate(), 0)
