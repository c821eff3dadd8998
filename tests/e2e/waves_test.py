"""Campaigns in waves, with real processes."""

import harness
from harness import WorldTest, campaign_text, make_fleet


class Waves(WorldTest):
    def test_a_canary_an_approval_and_the_rest(self):
        here = self.world(make_fleet(30), faults="")
        campaign = here.create(campaign_text(extra="[[wave]]\nsize = 5\napproval = true\n[[wave]]\n"))
        self.assert_refused(here.run("campaign", "approve", campaign, "--by", "Ada"), "waits for no approval")
        held = here.run("campaign", "run", campaign)
        self.assertEqual(held.status, 1)
        self.assertIn("approve", held.err)
        status = here.status(campaign)
        self.assertEqual((status["state"], status["targets"], status["settled"]), ("waiting", 30, 5))
        self.assertIn("wave 2", status["waits_for"])
        self.assertEqual([(one["wave"], one["targets"], one["state"]) for one in status["waves"]],
                         [(1, 5, "finished"), (2, 25, "created")])
        self.assertEqual(here.simulator.statistics()["submits"], 5)
        self.assert_refused(here.run("campaign", "resume", campaign), "approve")
        approved = here.must("campaign", "approve", campaign, "--by", "Ada", "--json").json()
        self.assertEqual((approved["state"], approved["waits_for"]), ("paused", None))
        here.must("campaign", "resume", campaign)
        status = here.status(campaign)
        self.assertEqual((status["state"], status["outcomes"]["done"], status["round"]), ("finished", 30, 2))
        rows, _ = here.report(campaign)
        self.assertEqual(len(rows), 30)

    def test_a_threshold_stops_the_campaign(self):
        here = self.world(make_fleet(20), faults="card_off = 1\n")
        campaign = here.create(campaign_text(por_timeout="50ms", attempts=1,
                                             extra="[waves]\nsuccess_threshold = 50\n[[wave]]\nsize = 2\n[[wave]]\n"))
        stopped = here.run("campaign", "run", campaign)
        self.assertEqual(stopped.status, 1)
        self.assertIn("success_threshold is 50 %", stopped.err)
        self.assertEqual(here.status(campaign)["state"], "stopped")
        self.assertEqual(here.must("campaign", "cancel", campaign, "--json").json()["state"], "cancelled")

    def test_what_is_wrong_with_waves_is_told_with_its_line(self):
        here = self.world(make_fleet(5))
        file = here.folder / "wrong.toml"
        for wave, said in (("[[wave]]\nsize = 0\n", "size"), ("[[wave]]\npercent = 101\n", "percent"),
                           ("[[wave]]\n[[wave]]\nsize = 1\n", "only the last one"),
                           ("[[wave]]\nsize = 1\ntag = \"x\"\n", "only one of"),
                           ("[waves]\nsuccess_threshold = -1\n", "success_threshold"),
                           ("[waves]\nbogus = 1\n", "bogus"), ("wave = 3\n", "[[wave]]")):
            with self.subTest(wave=wave):
                text = wave + campaign_text() if wave.startswith("wave") else campaign_text(extra=wave)
                file.write_text(text)
                self.assert_refused(here.run("campaign", "create", file), f"{file}:", said)
        file.write_text(campaign_text(extra="[[wave]]\nsize = 2\n"))
        self.assert_refused(here.run("campaign", "create", file), "belong to no wave")
        self.assertEqual(here.must("campaign", "list").out, "")


if __name__ == "__main__":
    harness.main()
