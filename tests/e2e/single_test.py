"""Single operations on one card: alone, and beside a campaign that another process runs."""

import json
import os
import stat

import harness
from harness import SPN, SPN_CONTENT, WorldTest, campaign_text, make_fleet, wait_for

OTHER = "0158585858ffffffffffffffffffffffff"


class Alone(WorldTest):
    def setUp(self):
        self.fleet = make_fleet(3)
        self.here = self.world(self.fleet, faults="")
        self.card = self.fleet[0].iccid

    def test_write_read_and_run(self):
        made = self.here.must("card", "write", self.card, "--file", SPN, "--content", OTHER, "--json").json()
        self.assertEqual((made["outcome"], made["file"], made["content"]), ("done", SPN, OTHER))
        self.assertEqual(self.here.simulator.read([self.card], SPN)[self.card]["content"], OTHER)
        shown = self.here.must("card", "show", self.card, "--json").json()
        self.assertEqual(shown["image"][0]["content"], OTHER)
        self.assertEqual([(line["what"], line["outcome"]) for line in shown["history"] if line["event"] == "operation"],
                         [("write 7f20/6f46", "done")])
        read = self.here.must("card", "read", self.card, "--file", "gsm/SPN", "--json").json()
        self.assertEqual((read["iccid"], read["file"], read["content"]), (self.card, SPN, OTHER))
        self.assertEqual(read["value"], {"display": "XXXX", "flags": 1})
        ran = self.here.must("card", "run", self.card, "--apdu", "00a40804047f206f46", "--apdu", "00b0000002",
                             "--json").json()
        self.assertEqual((ran["executed"], ran["status_word"], ran["data"]), (2, "9000", OTHER[:4]))
        named = self.here.must("card", "write", self.card, "--file", "gsm/SPN", "--value",
                               '{"display": "Tessera", "flags": 1}', "--json").json()
        self.assertEqual(named["content"], SPN_CONTENT)

    def test_what_is_refused(self):
        bad = [(("read", "8900000000000000000", "--file", SPN), "no card"),
               (("write", self.card, "--file", SPN, "--content", "0g"), "content"),
               (("write", self.card, "--file", SPN), "content"),
               (("write", self.card, "--file", "nothing", "--content", "00"), "file"),
               (("write", self.card, "--file", SPN, "--value", "{"), "JSON"),
               (("read", self.card, "--file", SPN, "--spi", "0639"), "counter"),
               (("read", self.card, "--file", SPN, "--smsc", "other"), "other"),
               (("run", self.card, "--apdu", "00a4"), "APDU"),
               (("resync", self.card, "--counter", "12"), "counter"),
               (("resync", self.card, "--counter", "ffffffffff"), "counter"),
               (("resync", self.card, "--spi", "1e39"), "very next")]
        for words, said in bad:
            with self.subTest(words=words):
                self.assert_refused(self.here.run("card", *words), said)
        failed = self.here.run("card", "read", self.card, "--file", "7f20/6fff", "--json")
        self.assertEqual(failed.status, 1)
        self.assertEqual(failed.json()["cause"], "status_word 6a82 file not found, command 1")
        self.assertEqual(self.here.run("card", "read", self.card).status, 2)

    def test_counters_in_step_and_near_their_end(self):
        resync = ("card", "resync", self.card)
        self.assertEqual(self.here.must(*resync, "--json").json()["counter"], "0000000001")
        told = self.here.must(*resync, "--counter", "0000001000", "--leap", "0", "--json").json()
        self.assertEqual((told["outcome"], told["counter"], told["packets"]), ("done", "0000001000", 1))
        self.assert_refused(self.here.run(*resync, "--counter", "0000000005"), "never used twice")
        self.assertEqual(self.here.must("card", "counters", "--json").out, "")
        self.assert_refused(self.here.run(*resync, "--counter", "fffffffff0"), "blocked for good")
        self.here.must(*resync, "--counter", "fffffffff0", "--approve-danger")
        near = self.here.must("card", "counters", "--json").json()
        self.assertEqual(near, {"iccid": self.card, "kvn": 1, "tar": "b00010", "counter": "fffffffff0", "left": 14})
        self.assertEqual(self.here.must("card", "counters", "--near", "14", "--json").out, "")
        self.assertIn("14 left", self.here.must("card", "counters").out)
        path = self.here.folder / "near.toml"
        path.write_text(campaign_text())
        self.assertEqual(self.here.must("campaign", "preview", path, "--json").json()["near_counter_end"], 1)
        made = self.here.must("campaign", "create", path)
        self.assertIn("1 of its cards have few counters left", made.err)
        self.assertIn("tessera card counters", self.here.must("campaign", "status", made.out.strip()).out)


    def verify(self, *words):
        return self.here.run("card", "verify", self.card, *words)

    def test_verify_compares_the_card_with_its_image(self):
        self.assertIn("no file", self.verify().out)
        self.here.must("card", "write", self.card, "--file", SPN, "--content", SPN_CONTENT)
        same = self.verify("--json")
        self.assertEqual(same.status, 0, same.err)
        self.assertEqual([(one["file"], one["state"], one["content"]) for one in same.json()["files"]],
                         [(SPN, "same", SPN_CONTENT)])
        # Past the registry: it doubts its image now, and keeps it.
        self.here.must("card", "run", self.card, "--apdu", "00a40804047f206f46", "--apdu", "00d6000011" + OTHER)
        differs = self.verify("--file", SPN, "--file", "7f20/6fff", "--json")
        self.assertEqual(differs.status, 1)
        spn, missing = differs.json()["files"]
        self.assertEqual((spn["state"], spn["content"], spn["expected_content"]), ("differs", OTHER, SPN_CONTENT))
        self.assertEqual((spn["value"], spn["expected_value"]),
                         ({"display": "XXXX", "flags": 1}, {"display": "Tessera", "flags": 1}))
        self.assertEqual((missing["state"], missing["cause"][:16]), ("unreadable", "status_word 6a82"))
        shown = self.here.must("card", "show", self.card, "--json").json()
        self.assertEqual(shown["image"][0]["content"], OTHER)
        found = [line for line in shown["history"] if line["event"] == "difference"]
        self.assertEqual([(line["file"], line["content"], line["expected_content"]) for line in found],
                         [(SPN, OTHER, SPN_CONTENT)])
        text = self.verify()
        self.assertEqual(text.status, 0)
        self.assertIn("same", text.out)
        self.assertIn("XXXX", text.out)

    def test_verify_refuses_what_it_cannot_understand(self):
        self.assert_refused(self.here.run("card", "verify", "8900000000000000000"), "no card")
        self.assert_refused(self.verify("--file", "nothing"), "file")
        self.assert_refused(self.verify("--record", "1"), "--record")
        self.assert_refused(self.verify("--file", SPN, "--spi", "0639"), "counter")


class Beside(WorldTest):
    """Cards that answer late keep a campaign in its exchange for as long as the test needs it there."""

    def setUp(self):
        self.fleet = make_fleet(40)
        self.here = self.world(self.fleet, faults='delay = "1500ms"\n')
        self.id = self.here.create(campaign_text(por_timeout="30s"))
        self.running = self.here.start("campaign", "run", self.id)
        socket = self.here.data / "tessera.sock"
        wait_for("the socket", socket.exists, self.running.process)
        self.assertEqual(stat.S_IMODE(os.stat(socket).st_mode), 0o600)
        wait_for("the exchange", lambda: self.status()["phase"] == "exchange", self.running.process)

    def status(self):
        return self.here.must("campaign", "status", self.id, "--json").json()

    def refused_by_the_campaign(self):
        return self.here.run("card", "write", self.fleet[1].iccid, "--file", SPN, "--content", OTHER, "--json")

    def test_a_card_is_the_campaigns_until_it_is_settled(self):
        wait_for("the release", lambda: self.refused_by_the_campaign().status == 3, self.running.process)
        answer = self.refused_by_the_campaign()
        if answer.status == 3:
            body = json.loads(answer.out)
            self.assertEqual((body["code"], body["campaign"]), ("inhibited", self.id))
            self.assertIn(body["phase"], ("exchange", "settle"))
        waited = self.here.must("card", "write", self.fleet[2].iccid, "--file", SPN, "--content", OTHER, "--wait",
                                "--json").json()
        self.assertEqual(waited["outcome"], "done")
        self.assertEqual(self.running.wait(), 0)
        self.assertEqual(self.here.simulator.read([self.fleet[2].iccid], SPN)[self.fleet[2].iccid]["content"], OTHER)
        self.assertEqual(self.here.status(self.id)["outcomes"]["done"], 40)

    def test_pause_and_resume(self):
        paused = self.here.must("campaign", "pause", self.id, "--json").json()
        self.assertEqual(paused["state"], "paused")
        self.assertEqual(self.running.wait(), 1)
        self.assertEqual(self.here.status(self.id)["state"], "paused")
        self.here.must("campaign", "resume", self.id)
        self.assertEqual(self.here.status(self.id)["outcomes"]["done"], 40)
        for held in self.here.simulator.read([card.iccid for card in self.fleet], SPN).values():
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1))

    def test_cancel(self):
        self.assertEqual(self.here.must("campaign", "cancel", self.id, "--json").json()["state"], "cancelled")
        self.assertEqual(self.running.wait(), 1)
        self.assert_refused(self.here.run("campaign", "resume", self.id), "cancelled")
        self.assert_refused(self.here.run("campaign", "pause", self.id), "cancelled")
        # Nothing manages the card any more.
        self.assertEqual(self.refused_by_the_campaign().status, 0)


class Serving(WorldTest):
    def test_the_server_owns_the_directory_and_serves(self):
        fleet = make_fleet(2)
        here = self.world(fleet, faults="")
        server = here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        self.assertEqual(here.must("card", "write", fleet[0].iccid, "--file", SPN, "--content", OTHER).status, 0)
        self.assertEqual(len(here.must("card", "list", "--json").json_lines()), 2)
        server.stop()
        self.assertEqual(server.wait(), 0)
        self.assertFalse((here.data / "tessera.sock").exists())
        here.must("card", "list")


if __name__ == "__main__":
    harness.main()
