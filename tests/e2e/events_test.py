"""Events of cards: told by the cards' applets and by feeds, and what they set off."""

import harness
from harness import SPN, SPN_CONTENT, WorldTest, make_fleet, wait_for

ONE, ANOTHER = "490154203237518", "356938035643809"
EVENT = '[[event]]\nto = "7001"\nbegins_with = "d1"\n'
TRIGGER = f"""[campaign]
name = "Settings"
[trigger]
name = "settings"
on = ["first-registration", "new-imei"]
imei = ["35693803"]
every = "0s"
[security]
tar = "b00010"
spi = "1639"
[[write]]
file = "{SPN}"
content = "{SPN_CONTENT}"
[telecom]
por_timeout = "2s"
"""


class Events(WorldTest):
    def setUp(self):
        self.fleet = make_fleet(3)
        self.here = self.world(self.fleet, faults="")
        self.card = self.fleet[0].iccid

    def shown(self, card=None):
        return self.here.must("card", "show", card or self.card, "--json").json()

    def events(self, card=None):
        kinds = ("registration", "first-registration", "new-imei")
        return [line["event"] for line in self.shown(card)["history"] if line["event"] in kinds]

    def test_told_on_the_command_line(self):
        made = self.here.must("event", self.card, "--imei", ONE, "--json").json()
        self.assertEqual(made, {"iccid": self.card, "imei": ONE, "news": "recorded",
                                "kinds": ["registration", "first-registration"]})
        again = self.here.must("event", self.fleet[0].imsi, "--imei", ONE[:14], "--json").json()
        self.assertEqual((again["news"], again["kinds"]), ("repeated", []))
        self.assertEqual(self.here.must("event", self.card, "--imei", ANOTHER).out,
                         f"{self.card} recorded: registration, new-imei\n")
        shown = self.shown()
        self.assertEqual((shown["imei"], shown["software_version"]), (ANOTHER, None))
        self.assertEqual(self.events(), ["registration", "first-registration", "registration", "new-imei"])
        self.assertIn("IMEI " + ANOTHER, self.here.must("card", "show", self.card).out)
        for words, said in [((self.card, "--imei", ANOTHER[:14] + "1"), "Luhn"),
                            ((self.card, "--kind", "roaming"), "kind"),
                            ((self.card, "--kind", "new-imei"), "imei"),
                            ((self.card, "--at", "soon"), "at"),
                            ((self.card, "--at", "2199-01-01T00:00:00Z"), "future"),
                            (("8900000000000000000",), "no card"),
                            ((), "--file")]:
            with self.subTest(words=words):
                self.assert_refused(self.here.run("event", *words), said)

    def test_a_file_with_refused_rows(self):
        feed = self.here.folder / "feed.csv"
        rows = [f"{self.fleet[0].imsi},{ONE},2026-01-01T00:00:00Z", f"{self.fleet[1].imsi},{ONE[:14]}0,",
                f"001019999999999,{ONE},", f"{self.fleet[1].imsi},{ONE}", f"{self.fleet[0].imsi},{ONE},2026-01-01T00:00:00Z"]
        feed.write_text("imsi,imei,at\n" + "\n".join(rows) + "\n")

        def check():
            made = self.here.must("event", "--file", feed, "--json")
            report = made.json()
            self.assertEqual((report["rows"], report["rejected"]), (5, 3))
            self.assertEqual([one["line"] for one in report["problems"]], [3, 5, 4])
            self.assertIn(f"{feed}:3 imei: the last digit is not the Luhn check digit", made.err)
            rejects = (self.here.folder / "feed.rejects.csv").read_text().splitlines()
            self.assertEqual(rejects[0], "imsi,imei,at,line,field,reason")
            self.assertEqual(len(rejects), 4)
            return report

        first = check()
        self.assertEqual((first["recorded"], first["repeated"]), (1, 1))
        server = self.here.start("serve")
        wait_for("the server", lambda: server.stdout().count("\n") == 1, server.process)
        second = check()
        self.assertEqual((second["recorded"], second["repeated"]), (0, 2))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(self.events()), 2)
        open_quote = self.here.folder / "open.csv"
        open_quote.write_text(f'imsi,imei\n{self.fleet[2].imsi},{ONE}\n"{self.fleet[2].imsi},{ONE}\n')
        refused = self.here.must("event", "--file", open_quote)
        self.assertIn(f"tessera: {open_quote}:3 row: ", refused.err)
        self.assertEqual(refused.err.count(str(open_quote)), 1)
        none = self.here.folder / "none.csv"
        none.write_text(f"imsi,imei\n001019999999999,{ONE}\n{self.fleet[0].imsi},{ONE[:14]}0\n")
        refused = self.here.run("event", "--file", none, "--json")
        self.assertEqual((refused.status, refused.json()["rejected"]), (1, 2))
        bad = self.here.folder / "bad.csv"
        bad.write_text("imei\n" + ONE + "\n")
        self.assert_refused(self.here.run("event", "--file", bad), "no column says which card")


class Triggers(WorldTest):
    def setUp(self):
        self.fleet = make_fleet(4)
        self.here = self.world(self.fleet, faults="")
        configuration = self.here.data / "tessera.toml"
        configuration.write_text(configuration.read_text() + EVENT)
        self.file = self.here.folder / "trigger.toml"
        self.file.write_text(TRIGGER)

    def serve(self):
        server = self.here.start("serve")
        came = wait_for("the server", lambda: server.stdout().count("\n") == 1, server.process)
        self.assertTrue(came, server.stderr())
        return server

    def switch_on(self, card, imei, to="7001", begins_with="d1"):
        return self.here.simulator.ask({"card": card, "phone": imei, "to": to, "begins_with": begins_with})

    def trigger(self):
        return self.here.must("trigger", "list", "--json").json()

    def content(self, card):
        return self.here.simulator.read([card], SPN)[card]["content"]

    def wait_for_bind(self):
        wait_for("the link", lambda: self.here.simulator.statistics()["binds"] >= 1)

    def test_a_phone_is_switched_on_and_its_card_gets_the_file(self):
        server = self.serve()
        added = self.here.must("trigger", "add", self.file, "--json").json()
        self.assertEqual((added["name"], added["state"], added["on"]),
                         ("settings", "active", ["first-registration", "new-imei"]))
        self.wait_for_bind()
        card, other = self.fleet[0].iccid, self.fleet[1].iccid
        self.assertEqual(self.switch_on(card, ANOTHER)["to"], "7001")
        self.switch_on(other, ONE)
        wait_for("the file", lambda: self.content(card) == SPN_CONTENT)
        wait_for("the campaign", lambda: self.trigger()["campaigns"] == 1)
        campaign = self.trigger()["last_campaign"]
        wait_for("its end", lambda: self.here.status(campaign)["state"] == "finished")
        self.assertEqual(self.here.status(campaign)["outcomes"]["done"], 1)
        self.assertNotEqual(self.content(other), SPN_CONTENT)
        # The same phone again is nothing new; another one is.
        self.switch_on(card, ANOTHER)
        self.switch_on(other, ANOTHER)
        wait_for("the other's file", lambda: self.content(other) == SPN_CONTENT)
        wait_for("quiet", lambda: self.here.simulator.statistics()["waiting"] == 0)
        self.assertEqual(self.trigger()["campaigns"], 2)
        self.assertEqual(server.stop(), 0)
        shown = self.here.must("card", "show", other, "--json").json()
        self.assertEqual(shown["imei"], ANOTHER)
        self.assertEqual([line["event"] for line in shown["history"] if line.get("source") == "sms"],
                         ["registration", "first-registration", "registration", "new-imei"])
        rows, summary = self.here.report(campaign)
        self.assertEqual([row["outcome"] for row in rows.values()], ["done"])

    def test_what_is_no_event_is_kept_as_it_is(self):
        server = self.serve()
        self.wait_for_bind()
        card = self.fleet[0].iccid
        self.switch_on(card, ONE[:14] + "1")  # a wrong check digit: no IMEI
        wait_for("the warning", lambda: "cannot be read" in server.stderr(), server.process)
        wait_for("its acknowledgement", lambda: self.here.simulator.statistics()["waiting"] == 0)
        self.assertEqual(server.stop(), 0)
        self.assertIsNone(self.here.must("card", "show", card, "--json").json()["imei"])

    def test_killed_between_event_and_campaign_it_goes_on(self):
        self.file.write_text(TRIGGER.replace('every = "0s"', 'every = "3s"'))
        server = self.serve()
        self.here.must("trigger", "add", self.file)
        told = self.here.must("event", self.fleet[0].iccid, "--imei", ANOTHER, "--json").json()
        self.assertEqual(told["news"], "recorded")
        self.assertTrue(server.kill())
        self.serve()
        wait_for("the file", lambda: self.content(self.fleet[0].iccid) == SPN_CONTENT)
        self.assertEqual(self.trigger()["campaigns"], 1)

    def test_what_is_dangerous_waits_for_somebody(self):
        self.file.write_text(TRIGGER.replace(SPN, "7f20/6f07").replace(SPN_CONTENT, "082943019000000000"))
        self.here.must("trigger", "add", self.file)
        self.serve()
        self.here.must("event", self.fleet[0].iccid, "--imei", ANOTHER)
        wait_for("the campaign", lambda: self.trigger()["campaigns"] == 1)
        campaign = self.trigger()["last_campaign"]
        self.assertEqual(self.here.status(campaign)["state"], "created")
        self.here.must("campaign", "approve", campaign, "--by", "Ada")
        wait_for("its end", lambda: self.here.status(campaign)["state"] == "finished")
        self.assertEqual(self.here.status(campaign)["outcomes"]["done"], 1)

    def test_its_campaign_is_paused_and_goes_on(self):
        self.file.write_text(TRIGGER.replace('por_timeout = "2s"', 'por_timeout = "10m"'))
        self.here.must("trigger", "add", self.file)
        unknown = self.here.create(harness.campaign_text())
        self.here.simulator.close()  # nobody answers
        self.here.simulator = None
        server = self.serve()
        self.here.must("event", self.fleet[0].iccid, "--imei", ANOTHER)
        wait_for("the campaign", lambda: self.trigger()["campaigns"] == 1)
        campaign = self.trigger()["last_campaign"]
        wait_for("the exchange", lambda: self.here.status(campaign)["phase"] == "exchange")
        self.assertEqual(self.here.must("campaign", "pause", campaign, "--json").json()["state"], "paused")
        self.assertEqual(self.here.must("campaign", "resume", campaign, "--json").json()["state"], "running")
        self.assert_refused(self.here.run("campaign", "resume", unknown), "process of its own")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.here.status(campaign)["state"], "running")
        self.here.simulator = harness.Simulator(self.here.folder, self.here.csv)
        self.here.connect(self.here.simulator.address)
        self.serve()
        wait_for("the file", lambda: self.content(self.fleet[0].iccid) == SPN_CONTENT)

    def test_one_behind_another_says_so_and_can_be_paused_before_it_began(self):
        self.file.write_text(TRIGGER.replace('por_timeout = "2s"', 'por_timeout = "10m"'))
        self.here.must("trigger", "add", self.file)
        self.here.simulator.close()  # nobody answers
        self.here.simulator = None
        server = self.serve()
        self.here.must("event", self.fleet[0].iccid, "--imei", ANOTHER)
        wait_for("the campaign", lambda: self.trigger()["campaigns"] == 1)
        first = self.trigger()["last_campaign"]
        wait_for("the exchange", lambda: self.here.status(first)["phase"] == "exchange")
        self.here.must("event", self.fleet[1].iccid, "--imei", ANOTHER)
        self.assertNotIn("queue", [one["for"] for one in self.here.status(first)["waits"]])
        self.assertEqual(self.here.must("campaign", "pause", first, "--json").json()["state"], "paused")
        wait_for("the second campaign", lambda: self.trigger()["campaigns"] == 2)
        second = self.trigger()["last_campaign"]
        wait_for("its exchange", lambda: self.here.status(second)["phase"] == "exchange")
        self.here.must("campaign", "resume", first)
        waits = self.here.status(first)["waits"]
        self.assertEqual([one["for"] for one in waits], ["queue"])
        self.assertIn(second, waits[0]["why"])
        self.assertIn("its turn, after campaign", self.here.must("campaign", "status", first).out)
        self.assertEqual(server.stop(), 0)

    def test_what_was_made_and_not_begun_is_paused_until_it_is_resumed(self):
        campaign = self.here.create(harness.campaign_text())
        self.assertEqual(self.here.must("campaign", "pause", campaign, "--json").json()["state"], "paused")
        self.assert_refused(self.here.run("campaign", "run", campaign), "paused")
        self.assert_refused(self.here.run("campaign", "pause", campaign), "cannot be paused")
        self.assertEqual(self.here.must("campaign", "resume", campaign, "--json").json()["outcomes"]["done"], 4)

    def test_a_card_that_is_refused_is_shown_with_its_reason(self):
        configuration = self.here.data / "tessera.toml"
        configuration.write_text(configuration.read_text() + '[[zone]]\nname = "Europe/Berlin"\ntag = "north"\n')
        self.here.must("card", "tag", self.fleet[0].iccid, "--add", "north")
        self.file.write_text(TRIGGER + '[window]\nzone = "card"\n')
        self.here.must("trigger", "add", self.file)
        for card in self.fleet[:2]:
            self.here.must("event", card.iccid, "--imei", ANOTHER)
        server = self.serve()
        wait_for("the file", lambda: self.content(self.fleet[0].iccid) == SPN_CONTENT)
        wait_for("the refusal", lambda: self.trigger()["refused"] == 1)
        shown = self.here.must("trigger", "status", "settings", "--json").json()
        self.assertEqual([one["iccid"] for one in shown["refused_cards"]], [self.fleet[1].iccid])
        self.assertIn("no [[zone]] of tessera.toml says where", shown["refused_cards"][0]["reason"])
        self.assertIn(self.fleet[1].iccid, self.here.must("trigger", "status", "settings").out)
        self.assert_refused(self.here.run("trigger", "status", "other"), "no trigger")
        self.assertEqual(self.here.must("trigger", "status", "--json").json()["unmatched_messages"],
                         {"kept": 0, "dropped": 0})
        self.assertEqual(server.stop(), 0)

    def test_triggers_are_paused_resumed_and_removed(self):
        self.here.must("trigger", "add", self.file)
        self.assert_refused(self.here.run("trigger", "add", self.file), "remove it first")
        self.here.must("trigger", "pause", "settings")
        self.assertEqual(self.trigger()["state"], "paused")
        self.assert_refused(self.here.run("trigger", "pause", "settings"), "paused already")
        self.here.must("trigger", "resume", "settings")
        self.here.must("trigger", "remove", "settings")
        self.assertEqual(self.here.must("trigger", "list", "--json").out, "")
        self.assert_refused(self.here.run("trigger", "resume", "settings"), "no trigger")
        self.file.write_text(TRIGGER.replace("b00010", "b0001"))
        self.assert_refused(self.here.run("trigger", "add", self.file), "trigger.toml:9", "tar")


if __name__ == "__main__":
    harness.main()
