"""Several SMSCs, one of which is killed; pairs of sessions; SMPP over TLS."""

import subprocess

import harness
from harness import SPN, SPN_CONTENT, Simulator, WorldTest, campaign_text, make_fleet, wait_for

OTHER = "0158585858ffffffffffffffffffffffff"

# The numbers 88239 0000000 to 0000199 go by the north if they can, everybody else by the south.
TWO = """[[smsc]]
name = "north"
address = "{0}"
prefixes = ["8823900000", "8823900001"]
rate = 150
failover_after = "200ms"
reconnect_delay_min = "10ms"
reconnect_delay_max = "100ms"
[[smsc]]
name = "south"
address = "{1}"
reconnect_delay_min = "10ms"
reconnect_delay_max = "100ms"
"""


class TwoCentres(WorldTest):
    """Two SMSCs before the same cards."""

    def setUp(self):
        self.fleet = make_fleet(400)
        self.here = self.world(self.fleet)
        self.simulator = Simulator(self.here.folder, self.here.csv, centres=2)
        self.addCleanup(self.simulator.close)
        (self.here.data / "tessera.toml").write_text(TWO.format(*self.simulator.addresses))

    def submits(self, centre):
        return self.simulator.ask_centre(centre, {"statistics": True})["submits"]

    def campaign(self, smsc='"auto"'):
        return self.here.create(campaign_text(por_timeout="1s").replace('smsc = "main"', f"smsc = {smsc}"))

    def assert_done_once(self, campaign):
        self.assertEqual(self.here.status(campaign)["outcomes"]["done"], 400)
        for held in self.simulator.ask_all([{"card": card.iccid, "file": SPN} for card in self.fleet]):
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1), held)

    def test_each_subscriber_goes_by_its_prefix(self):
        campaign = self.campaign()
        self.here.must("campaign", "run", campaign)
        self.assert_done_once(campaign)
        self.assertEqual((self.submits(0), self.submits(1)), (200, 200))

    def test_one_centre_of_a_list_is_killed_and_the_other_brings_the_rest(self):
        # The north answers questions about its cards until it dies; the south does after.
        campaign = self.campaign('["north", "south"]')
        running = self.here.start("campaign", "run", campaign)
        wait_for("some submits by the north", lambda: self.submits(0) >= 50, running.process)
        self.assertEqual(self.simulator.ask_centre(0, {"kill": True}), {"dying": True})
        self.assertEqual(running.wait(), 0, running.stderr())
        self.simulator.move_to(1)
        self.assert_done_once(campaign)
        self.assertGreater(self.submits(1), 200)
        # A single operation finds the way, too; one that must go by the north has none.
        card = self.fleet[0].iccid
        made = self.here.must("card", "write", card, "--file", SPN, "--content", OTHER, "--smsc", "auto", "--json")
        self.assertEqual(made.json()["outcome"], "done")
        self.assertEqual(self.simulator.read([card], SPN)[card]["content"], OTHER)

    def test_an_smsc_that_refuses_the_bind_is_done_without(self):
        text = (self.here.data / "tessera.toml").read_text().replace('"north"', '"north"\nsystem_id = "nobody"', 1)
        strict = Simulator(self.here.folder, self.here.csv, more=["--system-id", "tessera"])
        self.addCleanup(strict.close)
        (self.here.data / "tessera.toml").write_text(text.replace(self.simulator.addresses[0], strict.address))
        campaign = self.campaign()
        ended = self.here.must("campaign", "run", campaign)
        self.assertIn("north: the SMSC refused the bind: ESME_RINVSYSID", ended.err)
        self.assert_done_once(campaign)
        self.assertEqual(self.submits(1), 400)

    def test_what_is_no_route_is_refused(self):
        for smsc, said in [('["north", "west"]', "west"), ('["auto", "north"]', "stands alone"), ("[]", "1 to 64")]:
            with self.subTest(smsc=smsc):
                file = self.here.folder / "bad.toml"
                file.write_text(campaign_text().replace('smsc = "main"', f"smsc = {smsc}"))
                self.assert_refused(self.here.run("campaign", "create", file), said)
        shown = self.here.run("campaign", "preview", self.campaign(), "--json").json()
        self.assertEqual(shown["sms"], 400)
        self.assertEqual(shown["sms_per_second"], 150 + 20000)


SECURED = """[[smsc]]
address = "{address}"
bind = "transmitter_receiver"
sessions = 2
tls = true
tls_ca = "authority.pem"
tls_name = "{name}"
"""


class Secured(WorldTest):
    def setUp(self):
        self.fleet = make_fleet(20)
        self.here = self.world(self.fleet)
        key, certificate = self.here.data / "smsc.key", self.here.data / "authority.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                        "/CN=smsc.example", "-addext", "subjectAltName=DNS:smsc.example", "-keyout", key, "-out",
                        certificate], check=True, capture_output=True)
        self.here.simulator = Simulator(self.here.folder, self.here.csv,
                                        more=["--tls-cert", certificate, "--tls-key", key])

    def configure(self, name):
        text = SECURED.format(address=self.here.simulator.address, name=name)
        (self.here.data / "tessera.toml").write_text(text)

    def test_a_campaign_over_tls_by_pairs_of_sessions(self):
        self.configure("smsc.example")
        campaign = self.here.create(campaign_text())
        self.here.must("campaign", "run", campaign)
        self.assertEqual(self.here.status(campaign)["outcomes"]["done"], 20)
        self.assertEqual(self.here.simulator.statistics()["binds"], 4)

    def test_a_certificate_for_somebody_else_is_refused_and_named(self):
        self.configure("other.example")
        campaign = self.here.create(campaign_text())
        ended = self.here.run("campaign", "run", campaign)
        self.assertEqual(ended.status, 1, ended)
        self.assertIn("other.example", ended.err)
        self.assertEqual(self.here.simulator.statistics()["binds"], 0)

    def test_a_simulator_needs_key_and_certificate_that_are_some(self):
        words = ["sim", "smsc", "--cards", self.here.csv, "--listen", "127.0.0.1:0", "--tls-cert"]
        self.assertNotEqual(harness.run(*words, self.here.csv).status, 0)
        self.assert_refused(harness.run(*words, self.here.csv, "--tls-key", self.here.csv), "tls_certificate")


if __name__ == "__main__":
    harness.main()
