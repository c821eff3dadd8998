"""What is told before a campaign and while it waits: how long it takes and why, whom it cannot reach, until when it waits."""

import datetime
import socket

import harness
from harness import WorldTest, campaign_text, make_fleet, wait_for, write_csv

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def in_days(count):
    return datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=count)


def window_on(day):
    """A minute of that weekday."""
    return f'[window]\nfrom = "12:00"\nto = "12:01"\ndays = ["{DAYS[day.weekday()]}"]\n'


class Waiting(WorldTest):
    def test_status_says_that_a_run_waits_for_its_window_and_until_when(self):
        here = self.world(make_fleet(3), faults="")
        day = in_days(3)
        campaign = here.create(campaign_text(extra=window_on(day)))
        self.assertEqual(here.status(campaign)["waits"], [])
        running = here.start("campaign", "run", campaign)
        wait_for("the waiting", lambda: "waits for" in running.stderr(), running.process)
        status = here.run("campaign", "status", campaign, "--json").json()
        until = f"{day.isoformat()}T12:00:00.000Z"
        self.assertEqual(status["waits"], [{"for": "window", "why": "the window", "until": until}])
        self.assertEqual(status["waits_for"], f"the window, until {until}")
        self.assertIn(until, here.must("campaign", "status", campaign).out)
        paused = here.must("campaign", "pause", campaign, "--json").json()
        self.assertEqual((paused["state"], paused["waits"]), ("paused", []))
        self.assertEqual(running.wait(), 1)

    def test_status_says_that_a_run_waits_for_the_ration(self):
        here = self.world(make_fleet(12), faults="")
        with (here.data / "tessera.toml").open("a") as file:
            file.write("[safety]\nsends_per_hour = 5\n")
        campaign = here.create(campaign_text())
        running = here.start("campaign", "run", campaign)
        wait_for("the waiting", lambda: "waits for" in running.stderr(), running.process)
        status = here.run("campaign", "status", campaign, "--json").json()
        self.assertEqual(([one["for"] for one in status["waits"]], status["sent"]), (["sends_per_hour"], 5))
        self.assertGreater(status["waits"][0]["until"], in_days(0).isoformat())
        here.must("campaign", "cancel", campaign)

    def test_status_says_that_a_run_waits_for_a_link(self):
        here = self.world(make_fleet(3))
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # and never listens
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            here.connect(address)
            campaign = here.create(campaign_text())
            running = here.start("campaign", "run", campaign)
            wait_for("the exchange", lambda: [one["for"] for one in here.status(campaign)["waits"]] == ["link"],
                     running.process)
            waits = here.status(campaign)["waits_for"]
        self.assertIn(address, waits)
        self.assertIn("there is none since 20", waits)
        here.must("campaign", "pause", campaign)
        self.assertEqual(here.status(campaign)["waits"], [])

    def test_status_says_that_it_waits_for_somebody(self):
        here = self.world(make_fleet(2), faults="")
        campaign = here.create(campaign_text(writes=(("7f20/6f07", "082943019000000000"),)))
        self.assertEqual([one["for"] for one in here.status(campaign)["waits"]], ["approval"])
        here.must("stop-all", "--by", "Ada")
        waits = here.status(campaign)["waits"]
        self.assertEqual([one["for"] for one in waits], ["stop_all", "approval"])
        self.assertIn("Ada", waits[0]["why"])
        said = here.must("campaign", "status", campaign).out
        self.assertIn("waits for approval: it writes EF_IMSI", said)
        self.assertIn("waits for stop-all --lift: everything was stopped by Ada", said)


class Estimates(WorldTest):
    def preview(self, here, text):
        file = here.folder / "planned.toml"
        file.write_text(text)
        return here.must("campaign", "preview", file, "--json").json(), here.must("campaign", "preview", file).out

    def test_the_ration_makes_the_time(self):
        here = self.world(make_fleet(20))
        (here.data / "tessera.toml").write_text("[[smsc]]\nrate = 1000\n[safety]\nsends_per_hour = 5\n")
        found, said = self.preview(here, campaign_text())
        self.assertEqual((found["limited_by"], found["sending_seconds"]), ("sends_per_hour", 0.02))
        self.assertLessEqual(abs(found["estimated_seconds"] - 3 * 3600), 61)
        self.assertIn("sends_per_hour = 5 limits it", said)

    def test_what_does_not_go_in_one_window_goes_in_several(self):
        here = self.world(make_fleet(150))
        (here.data / "tessera.toml").write_text("[[smsc]]\nrate = 1\n")
        day = in_days(2)
        found, said = self.preview(here, campaign_text(extra=window_on(day)))
        self.assertEqual((found["windows"], found["limited_by"]), (3, "campaign_window"))
        self.assertEqual(found["begins_at"], f"{day.isoformat()}T12:00:00.000Z")
        self.assertEqual(found["ends_at"], f"{(day + datetime.timedelta(days=14)).isoformat()}T12:00:30.000Z")
        self.assertIn("in 3 windows; its [window] limits it", said)


class Unreachable(WorldTest):
    def test_cards_that_no_smsc_reaches_are_counted_before(self):
        fleet = make_fleet(10)
        here = self.world(fleet)
        (here.data / "tessera.toml").write_text(
            '[[smsc]]\nname = "main"\nprefixes = ["882390000001", "49"]\n'
            '[[smsc]]\nname = "far"\naddress = "127.0.0.1:2776"\nprefixes = ["882390000002"]\n')
        file = here.folder / "auto.toml"
        file.write_text(campaign_text().replace('smsc = "main"', 'smsc = "auto"'))
        found = here.must("campaign", "preview", file, "--json").json()
        self.assertEqual((found["no_route"], found["cards"], found["targets"]), (8, 2, 10))
        self.assertIn("8  would not be reached", here.must("campaign", "preview", file).out)
        made = here.must("campaign", "create", file, "--json")
        self.assertEqual(made.json()["no_route"], 8)
        self.assertIn("8 of its cards", here.must("campaign", "create", file).err)
        # By one SMSC that it names, prefixes are not asked.
        file.write_text(campaign_text())
        self.assertEqual(here.must("campaign", "preview", file, "--json").json()["no_route"], 0)


class Keys(WorldTest):
    def test_a_rotation_counts_cards_without_key_encryption_key(self):
        fleet = make_fleet(3, algorithm="aes128", profile="p")
        here = self.world(fleet)
        file = here.folder / "dek.csv"
        file.write_text(harness.HEADER + ",dek_key\n" + fleet[1].row() + "," + "40" * 16 + "\n")
        here.must("card", "import", file)
        rotation = here.folder / "keys.toml"
        rotation.write_text('[campaign]\nname = "k"\n[targets]\nall = true\n[security]\ntar = "000000"\nspi = "1639"\n'
                            '[[key]]\nkvn = 1\nnew_kvn = 2\nalgorithm = "aes256"\n')
        found = here.must("campaign", "preview", rotation, "--json").json()
        self.assertEqual((found["no_encryption_key"], found["cards"], found["skipped"]), (2, 1, 0))
        self.assertIn("2  would fail: no key encryption key", here.must("campaign", "preview", rotation).out)

    def test_counters_near_their_end_are_seen_in_later_waves_and_whichever_key_set(self):
        fleet = make_fleet(6)
        here = self.world()
        rows = [card.row()[:-10] + "fffffffff0" for card in fleet]
        here.must("card", "import", write_csv(here.folder / "near.csv", rows))
        file = here.folder / "waves.toml"
        file.write_text(campaign_text(extra="[[wave]]\nsize = 2\n[[wave]]\n"))
        self.assertEqual(here.must("campaign", "create", file, "--json").json()["near_counter_end"], 6)


if __name__ == "__main__":
    harness.main()
