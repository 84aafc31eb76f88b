"""What operators, scripts, browsers and monitoring see of two nodes, of which one stands by."""

import json
import re

from standby.case import Case
from standby.node import command
from standby.scene import MESSAGE, Scene
from standby.suite import wait_for

SAME_ON_BOTH = {"/v1/quota", "/v1/session", "/v1/explain"}
OPEN = {"/", "/{file}", "/healthz", "/readyz", "/openapi.yaml", "/metrics"}


class Users(Case):
    """One scene for all: nothing fails in it."""

    shares_nodes = True

    @classmethod
    def setUpClass(cls):
        cls.at = cls.enterClassContext(Scene("users"))
        cls.a, cls.b = cls.at.a, cls.at.b
        cls.id = cls.at.submit(cls.a, count=60)
        cls.at.wait_for_completion(120)

    def client(self, *arguments, urls=None, **environment):
        """A command that is told of both nodes, the standby first."""
        urls = urls or [self.b.url, self.a.url]
        return command(*arguments, "--url", ",".join(urls),
                       "--token-file", self.at.folder / "token", cwd=self.at.folder, **environment)

    def refused(self, answer):
        """As a standby refuses."""
        self.assertEqual(answer.status, 503, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["Retry-After"], "5")
        problem = answer.json
        self.assertEqual(problem["type"], "urn:fanoutd:problem:standby")
        self.assertEqual(problem["status"], 503)
        self.assertEqual(problem["leader"], self.a.url)
        self.assertTrue(problem["title"])
        self.assertTrue(problem["detail"])

    def routes(self):
        """Of the document: each path with its methods."""
        document = self.a.get("/openapi.yaml").body.decode()
        path = None
        for line in document.split("\ncomponents:")[0].splitlines():
            if found := re.match(r"  (/\S*):$", line):
                path = found[1]
            elif path and (found := re.match(r"    (get|post|put|patch|delete):$", line)):
                yield found[1].upper(), path

    def paths(self):
        """The `/v1` routes that only the leader answers, with something in their places."""
        places = {"{id}": self.id, "{account}": "bonnie", "{webhook}": "1"}
        for method, path in self.routes():
            if path.startswith("/v1/") and path not in SAME_ON_BOTH:
                for place, value in places.items():
                    path = path.replace(place, value)
                yield method, path

    def test_every_route_of_the_document_is_refused_with_the_leaders_url(self):
        found = list(self.paths())
        self.assertGreater(len(found), 25)
        for method, path in found:
            with self.subTest(route=f"{method} {path}"):
                body = {} if method in ("POST", "PUT", "PATCH") else None
                if path.endswith("/export"):  # a form of the page's, which has its token in it
                    answer = self.b.post(
                        path, f"access_token={self.b.token}", Authorization=None,
                        Content_Type="application/x-www-form-urlencoded",
                    )
                else:
                    answer = self.b.request(method, path, body)
                self.refused(answer)

    def test_the_token_is_checked_first(self):
        for method, path in self.paths():
            if path.endswith("/export"):
                continue  # the page's form has a token of its own
            for token in (None, "Bearer " + "0" * 64):
                with self.subTest(route=f"{method} {path}", token=token):
                    body = {} if method in ("POST", "PUT", "PATCH") else None
                    answer = self.b.request(method, path, body, Authorization=token)
                    self.assertEqual(answer.status, 401)
                    self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))

    def test_a_stream_is_refused_before_it_is_read(self):
        answer = self.b.post(
            f"/v1/campaigns/{self.id}/recipients", b"bonnie\n" * 100, Content_Type="text/plain"
        )
        self.refused(answer)

    def test_what_a_standby_answers_itself(self):
        for node in (self.a, self.b):
            with self.subTest(node=node.name):
                self.assertEqual(node.get("/healthz", Authorization=None).status, 200)
                self.assertEqual(node.get("/openapi.yaml").status, 200)
                self.assertEqual(node.get("/metrics").status, 200)
                self.assertEqual(node.get("/metrics", Authorization=None).status, 401)
                self.assertEqual(node.get("/", Authorization=None).status, 200)
                for path in SAME_ON_BOTH:
                    self.assertEqual(node.get(path).status, 200, path)
                    self.assertEqual(node.get(path, Authorization=None).status, 401, path)
        document = [node.get("/openapi.yaml").body for node in (self.a, self.b)]
        self.assertEqual(*document)

    def test_only_the_leader_is_ready(self):
        self.assertEqual(self.a.get("/readyz", Authorization=None).status, 200)
        answer = self.b.get("/readyz", Authorization=None)
        self.assertEqual(answer.status, 503)
        self.assertIn("standby", answer.body.decode())

    def test_the_quota_shows_the_cluster(self):
        leads, stands_by = self.a.cluster(), self.b.cluster()
        self.assertEqual(set(leads), {"role", "leader", "epoch", "synchronous"})
        self.assertEqual((leads["role"], stands_by["role"]), ("leader", "standby"))
        self.assertEqual((leads["leader"], stands_by["leader"]), (self.a.url, self.a.url))
        self.assertEqual(leads["epoch"], stands_by["epoch"])
        self.assertGreater(leads["epoch"], 0)
        self.assertEqual((leads["synchronous"], stands_by["synchronous"]), (True, True))

    def test_explain_says_that_it_stands_by(self):
        causes = self.b.get("/v1/explain").json["causes"]
        self.assertEqual(causes[0]["cause"], "standby")
        self.assertIn(self.a.url, json.dumps(causes[0]))
        said = self.a.get("/v1/explain").json["causes"]
        self.assertNotIn("standby", [cause["cause"] for cause in said])

    def test_metrics(self):
        leads, stands_by = self.a.metrics(), self.b.metrics()
        self.assertEqual((leads["fanoutd_leader"], stands_by["fanoutd_leader"]), (1, 0))
        for name in ("fanoutd_epoch", "fanoutd_store_synchronous"):
            self.assertEqual(leads[name], stands_by[name], name)
        self.assertEqual(leads["fanoutd_epoch"], self.a.cluster()["epoch"])
        self.assertEqual(leads["fanoutd_store_synchronous"], 1)
        for found in (leads, stands_by):
            self.assertEqual(found["fanoutd_store_in_doubt_total"], 0)
            self.assertEqual(found["fanoutd_store_went_back_total"], 0)

    def test_the_gateway_is_refused_with_a_code_that_clients_repeat(self):
        made = command("usersig", "--config", self.a.configuration, cwd=self.at.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        query = (
            f"?sdkappid={self.a.app}&identifier=administrator&usersig={made.stdout.strip()}"
            "&random=1&contenttype=json"
        )
        body = MESSAGE | {"To_Account": ["bonnie"], "MsgRandom": 7}
        path = "/v4/openim/batchsendmsg" + query
        answer = self.b.post(path, body, Authorization=None)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json["ActionStatus"], "FAIL")
        self.assertEqual(answer.json["ErrorCode"], 60008)
        self.assertTrue(answer.json["ErrorInfo"])
        taken = self.a.post(path, body, Authorization=None).json
        self.assertEqual((taken["ActionStatus"], taken["ErrorCode"]), ("OK", 0))
        wait_for(
            lambda: self.a.get(f"/v1/campaigns/{taken['MsgKey']}").json["state"] == "completed",
            "the call to be sent",
        )

    def test_commands_find_the_leader(self):
        for urls in ([self.a.url, self.b.url], [self.b.url, self.a.url]):
            for words in (["list"], ["show", self.id], ["quota"], ["suppressions"], ["explain"]):
                with self.subTest(command=words[0], urls=urls):
                    done = self.client(*words, urls=urls)
                    self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.id, self.client("list").stdout)
        quota = json.loads(self.client("quota", "--json").stdout)
        self.assertEqual(quota["cluster"]["role"], "leader")

    def test_the_urls_may_come_from_the_environment(self):
        done = command(
            "list", "--json", cwd=self.at.folder,
            FANOUTD_URL=f"{self.b.url},{self.a.url}", FANOUTD_TOKEN_FILE=self.at.folder / "token",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.id, done.stdout)

    def test_a_node_that_is_gone_is_passed_over(self):
        done = self.client("show", self.id, urls=["http://127.0.0.1:1", self.b.url, self.a.url])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_standby_alone_says_who_leads(self):
        done = self.client("list", urls=[self.b.url])
        if done.returncode != 0:  # it may as well go there by itself
            self.assertIn(done.returncode, (69, 75))
            self.assertIn(self.a.url, done.stderr)

    def test_no_password_is_in_sight(self):
        hidden = [(self.at.folder / name).read_text().strip()
                  for name in ("password", "token", "secret-key")]
        texts = {}
        for node in (self.a, self.b):
            for name in ("cmdline", "environ"):
                with open(f"/proc/{node.process.pid}/{name}") as file:
                    texts[f"{node.name}'s {name}"] = file.read()
            texts[f"{node.name}'s log"] = node.log()
            texts[f"{node.name}'s configuration, checked"] = "".join(
                [(said := node.command("check-config", "--config", node.configuration)).stdout,
                 said.stderr]
            )
            texts[f"{node.name}'s quota"] = node.get("/v1/quota").body.decode()
            texts[f"{node.name}'s metrics"] = node.get("/metrics").body.decode()
        texts["doctor"] = self.a.command("doctor", "--config", self.a.configuration).stdout
        kept = self.at.pair.primary.sql(
            "SELECT string_agg(query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename),"
            " true, false, '')::text, '') FROM pg_tables WHERE schemaname LIKE 'app%'"
        )
        self.assertIn("epoch", kept)
        texts["the database"] = kept
        for place, text in texts.items():
            for secret in hidden:
                self.assertFalse(secret in text, f"{place} shows a secret")

    def test_the_doctor_examines_both(self):
        for node in (self.a, self.b):
            with self.subTest(node=node.name):
                done = node.command("doctor", "--config", node.configuration)
                self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)

    def test_backup_says_what_to_use(self):
        done = self.a.command(
            "backup", self.at.folder / "copy.sqlite", "--config", self.a.configuration
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("pg_dump", done.stderr)
        self.assertFalse((self.at.folder / "copy.sqlite").exists())

    def test_a_state_directory_serves_one_node(self):
        other = self.at.make_node("twin")
        other.settings["cluster.stateDirectory"] = self.b.folder
        other.start()
        code = other.process.wait(60)
        self.assertNotEqual(code, 0)
        self.assertIn(str(self.b.folder), other.log())


class Lives(Case):
    """Of commands and nodes, with what changes while they run."""

    def test_a_submission_and_its_watch_go_on_through_a_takeover(self):
        with self.scene("submit --watch through a takeover") as scene:
            message, recipients = scene.folder / "message.json", scene.folder / "users.txt"
            accounts = scene.audience(1_500)
            message.write_text(json.dumps(MESSAGE))
            recipients.write_text("\n".join(accounts))
            with (scene.folder / "submit.out").open("w+") as out:
                client = scene.background(
                    "submit", "--message", message, "--to", recipients, "--name", "Notice",
                    "--watch", stdout=out,
                )
                scene.journal.wait_for_more(12)
                scene.failed("killed")
                scene.a.kill()
                code = client.wait(240)
                out.seek(0)
                said = out.read()
            # Some don't exist, which is what 1 says.
            self.assertEqual(code, 1, said)
            items = scene.b.get("/v1/campaigns").json["items"]
            self.assertEqual([item["name"] for item in items], ["Notice"])
            scene.campaigns[items[0]["id"]] = set(accounts)
            scene.judge(self)

    def test_a_stream_of_recipients_goes_on_through_a_takeover(self):
        with self.scene("recipients streamed through a takeover") as scene:
            message, recipients = scene.folder / "message.json", scene.folder / "users.txt"
            message.write_text(json.dumps(MESSAGE))
            count = 400_000
            recipients.write_text("\n".join(f"user-{number}" for number in range(count)))
            self.assertEqual(scene.a.post("/v1/pause").status, 200)
            with (scene.folder / "submit.out").open("w+") as out:
                client = scene.background(
                    "submit", "--message", message, "--to", recipients, stdout=out
                )

                def under_way():
                    items = scene.a.get("/v1/campaigns").json["items"]
                    return client.poll() is not None or (items and items[0]["counts"]["total"])

                wait_for(under_way, "recipients to come in", pause=0.01)
                self.assertIsNone(client.poll(), "it was done before the leader was killed")
                scene.a.kill()
                code = client.wait(240)
                out.seek(0)
                said = out.read()
            self.assertEqual(code, 0, said)
            items = scene.b.get("/v1/campaigns").json["items"]
            self.assertEqual([item["counts"]["total"] for item in items], [count])
            self.assertEqual(items[0]["state"], "running")
            self.assertEqual(scene.b.get("/v1/quota").json["state"], "paused")

    def test_the_loss_of_the_second_copy_is_said(self):
        with self.scene("the standby of the database is gone") as scene:
            # As Patroni does it: nothing waits for a server that isn't there.
            scene.pair.standby.stop()
            scene.pair.primary.set(synchronous_standby_names="")
            for node in (scene.a, scene.b):
                wait_for(
                    lambda: node.metrics()["fanoutd_store_synchronous"] == 0,
                    f"{node.name} to say that one copy is left", 120,
                )
                self.assertIs(node.cluster()["synchronous"], False)
            scene.submit(scene.a, count=200)
            scene.wait_for_completion(120)
            # It keeps nobody from taking over.
            scene.a.kill()
            scene.wait_for_leader(scene.b)
            scene.judge(self, twice=0)

    def test_both_start_at_once_and_one_leads(self):
        with self.scene("both start at once", started=False) as scene:
            for node in (scene.a, scene.b):
                node.start()
            for node in (scene.a, scene.b):
                node.wait_until_up()
            wait_for(scene.leader, "one to lead")
            other = scene.b if scene.a.leads() else scene.a
            wait_for(other.stands_by, "the other to stand by")
            scene.submit(scene.leader(), count=200)
            scene.judge(self)

    def test_nodes_wait_for_a_database_that_isnt_there(self):
        """At a start: the machines of a rack come up in any order."""
        with self.scene("database comes later", started=False) as scene:
            scene.pair.primary.freeze()
            scene.a.start().wait_until_up()
            self.assertEqual(scene.a.get("/readyz").status, 503)
            scene.pair.primary.thaw()
            wait_for(scene.a.leads, "a to lead", 120)

    def test_a_database_that_went_back_is_told_and_held(self):
        """Restored from a copy that knows nothing of what was sent a moment ago."""
        with self.scene("the database went back") as scene:
            scene.submit(scene.a, count=100)
            scene.wait_for_completion(120)
            for node in (scene.b, scene.a):
                self.assertEqual(node.terminate(), 0)
            for server in scene.pair.servers:
                server.stop()
            copy = scene.pair.copy()
            scene.pair.start_again()
            scene.start_nodes()
            # More than half of the quota, of which the copy knows nothing.
            id = scene.submit(scene.a, count=scene.pace.quota * 5 // 9)
            scene.wait_for_completion(120)
            for node in (scene.b, scene.a):
                self.assertEqual(node.terminate(), 0)
            for server in scene.pair.servers:
                server.stop()
            scene.pair.restore(copy)
            scene.pair.start_again()
            scene.start_nodes()
            del scene.campaigns[id]
            self.assertEqual(scene.a.get(f"/v1/campaigns/{id}").status, 404)
            self.assertEqual(scene.a.metrics()["fanoutd_store_went_back_total"], 1)
            self.assertRegex(scene.a.log(), r"(?i)went back|gone back")
            new = scene.submit(scene.a, count=scene.pace.quota // 2)
            wait_for(
                lambda: scene.a.get(f"/v1/campaigns/{new}").json["state"] == "completed",
                "the campaign to complete", 240,
            )
            report = scene.simulator.report()
            self.assertLessEqual(report["busiest_60s"], scene.pace.quota)
            self.assertEqual(report["accepted_twice"], 0)
