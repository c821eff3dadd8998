"""stop-all, approval of what is dangerous, test cards, pause and cancel, with real processes."""

import http.client
import json
import socket
import time

import harness
from harness import SPN, SPN_CONTENT, WorldTest, campaign_text, make_fleet, wait_for


def post(socket_path, target, body):
    """Status and JSON of what the owner of the directory answers."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(socket_path))
    connection.request("POST", target, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    made = answer.status, json.loads(answer.read())
    connection.close()
    return made


class StopAll(WorldTest):
    def test_everything_stops_and_stays_stopped(self):
        fleet = make_fleet(40)
        here = self.world(fleet, faults='delay = "1500ms"\n')
        campaign = here.create(campaign_text(por_timeout="30s"))
        running = here.start("campaign", "run", campaign)
        wait_for("the socket", (here.data / "tessera.sock").exists, running.process)
        wait_for("the exchange", lambda: here.run("campaign", "status", campaign, "--json").json()["sent"] == 40,
                 running.process)
        began = time.monotonic()
        stopped = here.must("stop-all", "--by", "Ada", "--json").json()
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual((stopped["stopped"], stopped["by"], stopped["paused"]), (True, "Ada", 1))
        self.assertEqual(running.wait(), 1)
        status = here.status(campaign)
        self.assertEqual((status["state"], status["sent"]), ("paused", 40))
        self.assert_refused(here.run("campaign", "resume", campaign), "Ada", "--lift")
        self.assert_refused(here.run("card", "write", fleet[0].iccid, "--file", SPN, "--content", SPN_CONTENT), "Ada")
        self.assert_refused(here.run("card", "run", fleet[0].iccid, "--apdu", "00a40004023f00"), "Ada")
        self.assertTrue(here.must("campaign", "stop-all", "--status", "--json").json()["stopped"])
        self.assertFalse(here.must("stop-all", "--lift", "--json").json()["stopped"])
        here.must("campaign", "resume", campaign)
        self.assertEqual(here.status(campaign)["outcomes"]["done"], 40)
        for held in here.simulator.read([card.iccid for card in fleet], SPN).values():
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1))


class Danger(WorldTest):
    def test_a_campaign_that_writes_the_imsi_wants_a_name(self):
        here = self.world(make_fleet(3), faults="")
        campaign = here.create(campaign_text(writes=(("7f20/6f07", "082943019000000000"),)))
        self.assertIn("EF_IMSI", here.status(campaign)["waits_for"])
        self.assert_refused(here.run("campaign", "run", campaign), "EF_IMSI", "--by NAME")
        self.assert_refused(here.run("campaign", "approve", campaign), "--by NAME")
        self.assertEqual(here.simulator.statistics()["submits"], 0)
        here.must("campaign", "approve", campaign, "--by", "Grace")
        here.run("campaign", "run", campaign)
        self.assertEqual(here.status(campaign)["state"], "finished")
        self.assertEqual(here.simulator.statistics()["submits"] > 0, True)


class DangerousOperations(WorldTest):
    IMSI = ("--file", "7f20/6f07", "--content", "082943019000000000")
    APDUS = ("--apdu", "00a40804047f206f07", "--apdu", "00d6000009082943019000000000")

    def setUp(self):
        fleet = make_fleet(2)
        self.card = fleet[0].iccid
        self.here = self.world(fleet, faults="")

    def test_one_card_wants_somebody_to_take_the_responsibility_too(self):
        for words in (("write", self.card, *self.IMSI), ("run", self.card, *self.APDUS),
                      ("run", self.card, "--tar", "000000", "--apdu", "80e40000094f07a0000000871002"),
                      ("write", self.card, "--tar", "000000", "--file", SPN, "--content", SPN_CONTENT)):
            with self.subTest(words=words):
                refused = self.here.run("card", *words, "--json")
                self.assertEqual((refused.status, refused.json()["code"]), (1, "needs_approval"))
                self.assertIn("--approve-danger", refused.err)
        self.assert_refused(self.here.run("card", "write", self.card, *self.IMSI), "EF_IMSI")
        self.assertEqual(self.here.simulator.statistics()["submits"], 0)

    def test_who_took_it_stands_in_the_history(self):
        made = self.here.run("card", "write", self.card, *self.IMSI, "--approve-danger", "--by", "Grace", "--json")
        self.assertNotIn("code", made.json())
        self.assertGreater(self.here.simulator.statistics()["submits"], 0)
        self.here.run("card", "run", self.card, *self.APDUS, "--approve-danger")
        history = self.here.must("card", "show", self.card, "--json").json()["history"]
        told = [line["what"] for line in history if line["event"] == "operation"]
        self.assertIn("write 7f20/6f07, danger approved by Grace", told)
        self.assertEqual(sum("danger approved by" in one for one in told), 2)
        self.assertEqual(self.here.run("card", "write", self.card, *self.IMSI, "--by", "Grace").status, 2)

    def test_the_route_refuses_it_as_well(self):
        serving = self.here.start("serve")
        socket_path = self.here.data / "tessera.sock"
        wait_for("the socket", socket_path.exists, serving.process)
        asked = {"kind": "write", "file": "7f20/6f07", "content": "082943019000000000"}
        status, answer = post(socket_path, f"/v1/cards/{self.card}/operations", asked)
        self.assertEqual((status, answer["code"]), (403, "needs_approval"))
        self.assertIn("EF_IMSI", answer["message"])
        for wrong in ("", "a" * 101, 1):
            status, answer = post(socket_path, f"/v1/cards/{self.card}/operations", {**asked, "approve_danger": wrong})
            self.assertEqual((status, answer["field"]), (422, "approve_danger"))
        self.assertEqual(self.here.simulator.statistics()["submits"], 0)
        status, _ = post(socket_path, f"/v1/cards/{self.card}/operations", {**asked, "approve_danger": "Grace"})
        self.assertEqual(status, 200)


class TestCards(WorldTest):
    def test_a_campaign_passes_the_test_cards_first(self):
        fleet = make_fleet(12)
        here = self.world(fleet, faults="card_off = 1\n")
        with (here.data / "tessera.toml").open("a") as file:
            file.write(f'[safety]\ntest_cards = ["{fleet[4].iccid}"]\n')
        campaign = here.create(campaign_text(por_timeout="50ms", attempts=1))
        self.assert_refused(here.run("campaign", "run", campaign), "test cards")
        status = here.status(campaign)
        self.assertEqual((status["state"], status["outcomes"]["unknown"]), ("stopped", 1))
        self.assertEqual([(one["wave"], one["targets"]) for one in status["waves"]], [(0, 1), (1, 11)])


class Control(WorldTest):
    def test_a_pause_outlives_kill_and_a_cancel_leaves_outcomes(self):
        here = self.world(make_fleet(30), faults='delay = "2s"\n')
        campaign = here.create(campaign_text(por_timeout="60s"))
        running = here.start("campaign", "run", campaign)
        wait_for("the socket", (here.data / "tessera.sock").exists, running.process)
        wait_for("the exchange", lambda: here.run("campaign", "status", campaign, "--json").json()["sent"] == 30,
                 running.process)
        began = time.monotonic()
        paused = here.must("campaign", "pause", campaign, "--json").json()
        self.assertLess(time.monotonic() - began, 5)
        running.kill()
        self.assertEqual((paused["state"], paused["sent"]), ("paused", 30))
        self.assertEqual(here.status(campaign)["state"], "paused")
        self.assertEqual(here.must("campaign", "cancel", campaign, "--json").json()["state"], "cancelled")
        status = here.status(campaign)
        self.assertEqual((status["settled"], status["not_sent"]), (30, 0))
        rows, _ = here.report(campaign)
        self.assertEqual({row["outcome"] for row in rows.values()} - {"done", "unknown"}, set())

    def test_what_was_never_sent_is_listed_and_can_be_followed_up(self):
        here = self.world(make_fleet(10), faults="")
        campaign = here.create(campaign_text(extra="[[wave]]\nsize = 4\napproval = true\n[[wave]]\n"))
        here.run("campaign", "run", campaign)
        here.must("campaign", "cancel", campaign)
        status = here.status(campaign)
        self.assertEqual((status["outcomes"]["done"], status["not_sent"]), (4, 6))
        rows, summary = here.report(campaign)
        self.assertEqual(sum(row["outcome"] == "not_sent" for row in rows.values()), 6)
        self.assertEqual(summary["not_sent"], 6)
        rest = here.must("campaign", "follow-up", campaign, "--outcome", "not_sent").out.strip()
        self.assertEqual(here.status(rest)["targets"], 6)
        here.must("campaign", "run", rest)
        self.assertEqual(here.status(rest)["outcomes"]["done"], 6)


if __name__ == "__main__":
    harness.main()
