"""Mobile terminals beside cards in one campaign (C-1), as a user sees it."""

import harness
from harness import SPN, SPN_CONTENT, Simulator, World, WorldTest, campaign_text, luhn, make_fleet

PORT = 16000


class Terminals(WorldTest):
    def setUp(self):
        self.cards = make_fleet(4, algorithm="aes128")
        self.here = World([])
        self.addCleanup(self.here.close)
        others = make_fleet(8, seed=3, algorithm="aes128")[4:]
        self.imeis = [body + luhn(body) for body in (f"3500000{number:07d}" for number in range(4))]
        rows = [card.row() + ",," for card in self.cards]
        rows += [row.replace(card.iccid, imei, 1) + f",terminal,{PORT}"
                 for card, imei, row in zip(others, self.imeis, (card.row() for card in others))]
        self.csv = self.here.folder / "both.csv"
        self.csv.write_text("\n".join([harness.HEADER + ",kind,port", *rows]) + "\n")
        self.here.must("card", "import", self.csv)
        self.simulator = Simulator(self.here.folder, self.csv, "lose_response = 0.2\n", 7)
        self.addCleanup(self.simulator.close)
        (self.here.data / "tessera.toml").write_text(harness.CONFIGURATION.format(address=self.simulator.address))

    def text(self):
        return campaign_text(por_timeout="300ms", attempts=10,
                             extra='[[setting]]\nname = "apn.internet"\nvalue = "net.example"\n')

    def test_one_campaign_for_both(self):
        campaign = self.here.create(self.text())
        self.here.must("campaign", "run", campaign)
        self.assertEqual(self.here.status(campaign)["outcomes"]["done"], 8)
        wanted = "net.example".encode().hex()
        for held in self.simulator.read(self.imeis, "setting/apn.internet").values():
            self.assertEqual((held["content"], held["executed"]), (wanted, 1))
        for held in self.simulator.read([card.iccid for card in self.cards], SPN).values():
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1))
        shown = self.here.must("card", "show", self.imeis[0], "--json").json()
        self.assertEqual([(one["file"], one["content"]) for one in shown["image"]], [("setting/apn.internet", wanted)])
        self.assert_refused(self.here.run("card", "write", self.imeis[0], "--file", SPN, "--content", "00"), "terminal")
        verified = self.here.run("card", "verify", self.imeis[0])
        self.assert_refused(verified, "mobile terminal")
        again = self.here.create(self.text())
        self.here.must("campaign", "run", again)
        self.assertEqual(self.here.status(again)["outcomes"]["skipped"], 8)

    def test_what_is_no_terminal_is_refused(self):
        bad = self.here.folder / "bad.csv"
        row = make_fleet(1, seed=9, algorithm="aes128")[0].row()
        for more, said in ((",terminal,16000", "iccid"), (",phone,1", "kind"), (",,16000", "port")):
            with self.subTest(more=more):
                bad.write_text(f"{harness.HEADER},kind,port\n{row}{more}\n")
                self.assertIn(said, self.here.run("card", "import", "--strict", bad).err)
        imei = self.imeis[0]
        bad.write_text(f"{harness.HEADER},kind,port\n{imei}{row[row.index(','):]},terminal,0\n")
        self.assertIn("port", self.here.run("card", "import", "--strict", bad).err)


if __name__ == "__main__":
    harness.main()
