"""The drop-in batchsendmsg: a client library written for Tencent, unchanged but for its URL."""

import json
import sys
import unittest

import requests
from TLSSigAPIv2 import TLSSigAPIv2
from tencentcloud_im.tcim_client import BatchMessageObj, MessageText, TCIMClient

from daemon import Daemon

executable = sys.argv.pop(1) if len(sys.argv) > 1 else ".build/debug/fanoutd"


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(executable))

    def client(self, key=None, app=None, admin=None) -> TCIMClient:
        return TCIMClient(
            app or self.daemon.app,
            key or self.daemon.key,
            admin or self.daemon.administrator,
            tencent_url=self.daemon.url + "/v4",
        )

    def send(self, client, accounts, text="hi") -> dict:
        message = BatchMessageObj("dave", accounts, text_messages=[MessageText(text)])
        return self.answer(client.batch_send_message(message))

    def answer(self, response) -> dict:
        # Tencent's API answers 200 whatever it says.
        self.assertEqual(response.status_code, 200)
        return response.json()

    def refused(self, answer, code):
        self.assertEqual(answer["ActionStatus"], "FAIL")
        self.assertEqual(answer["ErrorCode"], code)
        self.assertTrue(answer["ErrorInfo"])
        self.assertNotIn("MsgKey", answer)

    def query(self, **changes) -> dict:
        signature = TLSSigAPIv2(self.daemon.app, self.daemon.key).gen_sig(
            changes.get("identifier", self.daemon.administrator), 300
        )
        return {
            "sdkappid": self.daemon.app,
            "identifier": self.daemon.administrator,
            "usersig": signature,
            "random": 1,
            "contenttype": "json",
        } | changes

    def post(self, body, path="/v4/openim/batchsendmsg", **changes):
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return requests.post(self.daemon.url + path, params=self.query(**changes), data=data)

    body = {
        "To_Account": ["bonnie"],
        "MsgRandom": 7,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}],
    }

    def test_2000_accounts_in_one_call_are_all_sent(self):
        before = self.daemon.report()
        accounts = [f"user-{number}" for number in range(1_900)]
        accounts += [f"missing-{number}" for number in range(100)]
        answer = self.send(self.client(), accounts + accounts[:10], "你好, \"quoted\"")
        self.assertEqual(answer["ActionStatus"], "OK")
        self.assertEqual(answer["ErrorCode"], 0)
        id = answer["MsgKey"]
        self.assertLessEqual(len(id), 50)
        campaign = self.daemon.wait_for(
            lambda: (found := self.daemon.get(f"/v1/campaigns/{id}"))["state"] == "completed"
            and found,
            "the campaign to complete",
        )
        self.assertEqual(campaign["counts"]["total"], 2_000)
        self.assertEqual(campaign["counts"]["sent"], 1_900)
        failures = [(failure["code"], failure["count"]) for failure in campaign["failures"]]
        self.assertEqual(failures, [(70107, 100)])
        self.assertEqual(campaign["message"]["MsgBody"][0]["MsgContent"]["Text"], '你好, "quoted"')
        self.assertNotIn("To_Account", campaign["message"])
        after = self.daemon.report()
        self.assertEqual(after["accepted"] - before["accepted"], 1_900)
        self.assertEqual(after["accepted_twice"], 0)

    def test_the_same_call_posted_again_is_stored_once(self):
        first = self.post(self.body | {"MsgRandom": 100}).json()
        again = self.post(self.body | {"MsgRandom": 100}, random=2).json()
        other = self.post(self.body | {"MsgRandom": 101}).json()
        self.assertEqual(first["MsgKey"], again["MsgKey"])
        self.assertNotEqual(first["MsgKey"], other["MsgKey"])

    def test_a_wrong_signature_is_refused_as_tencent_would(self):
        self.refused(self.send(self.client(key="0" * 64), ["bonnie"]), 70009)
        self.refused(self.post(self.body, usersig="x").json(), 70003)
        self.refused(self.post(self.body, usersig="").json(), 70002)
        expired = TLSSigAPIv2(self.daemon.app, self.daemon.key).gen_sig("administrator", -10)
        self.refused(self.post(self.body, usersig=expired).json(), 70001)

    def test_only_the_administrator_of_the_app_may_call(self):
        self.refused(self.send(self.client(admin="bonnie"), ["rong"]), 90009)
        self.refused(self.send(self.client(app=1_400_000_001), ["rong"]), 60006)

    def test_a_bad_body_is_refused_as_tencent_would(self):
        element = self.body["MsgBody"][0]
        rows = [
            ("not JSON", 90001),
            (self.body | {"MsgBody": "text"}, 90007),
            (self.body | {"MsgBody": [{"MsgType": "TIMTextElem"}]}, 90002),
            (self.body | {"MsgBody": [element | {"MsgContent": {"Text": 5}}]}, 90010),
            (self.body | {"To_Account": []}, 90003),
            (self.body | {"To_Account": ["x" * 33]}, 90012),
            ({k: v for k, v in self.body.items() if k != "MsgRandom"}, 90005),
        ]
        for body, code in rows:
            with self.subTest(code=code):
                self.refused(self.post(body).json(), code)

    def test_other_commands_are_unknown(self):
        self.refused(self.answer(self.client().batch_add_users(["bonnie"])), 60009)
        self.refused(self.answer(self.client().check_user_online(["bonnie"])), 60009)

    def test_the_log_has_no_signature(self):
        signature = self.query()["usersig"]
        self.post(self.body, usersig=signature)
        self.post(self.body, usersig=signature[:-8] + "AAAAAAAA")
        self.assertNotIn(signature[:40], self.daemon.log())
        self.assertNotIn(self.daemon.key, self.daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=1)
