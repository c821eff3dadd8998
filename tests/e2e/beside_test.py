"""Commands beside the process that owns the data directory, and what becomes of requests when somebody ends."""

import fcntl
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import harness
from harness import SPN, SPN_CONTENT, WorldTest, campaign_text, make_fleet, wait_for, write_csv

OTHER = "0158585858ffffffffffffffffffffffff"


def closed_port():
    """Nobody accepts connections there as long as the socket is kept."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


class Owned(WorldTest):
    """A server owns the data directory."""

    def serve(self, fleet, faults=""):
        here = self.world(fleet, faults=faults)
        server = here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        return here, server

    def test_the_registry_is_read_and_written_beside_the_owner(self):
        fleet = make_fleet(8)
        here, server = self.serve(fleet[:4])
        self.assertEqual(len(here.must("card", "list", "--json").json_lines()), 4)
        self.assertEqual(here.must("card", "show", fleet[0].iccid, "--json").json()["imsi"], fleet[0].imsi)
        self.assertEqual(here.must("card", "counters", "--json").out, "")
        more = write_csv(here.folder / "more.csv", fleet[4:])
        self.assertEqual(here.must("card", "import", more, "--json").json()["cards_added"], 4)
        self.assertEqual(here.must("card", "tag", fleet[5].iccid, "--add", "vip", "--json").json()["added"], 1)
        numbers = here.folder / "numbers.csv"
        numbers.write_text(f"iccid,msisdn\n{fleet[6].iccid},882390000999\n")
        here.must("card", "msisdn", "--file", numbers)
        profiles = here.folder / "profiles.toml"
        profiles.write_text(f'[[profile]]\nname = "{fleet[0].profile}"\nparts_max = 4\n')
        self.assertEqual(here.must("profile", "import", profiles, "--json").json()["added"], 1)
        self.assertEqual(len(here.must("profile", "list", "--json").json_lines()), 1)
        self.assertIn("parts_max = 4", here.must("profile", "show", fleet[0].profile).out)
        self.assertEqual(here.must("transport-key", "status").out, "")
        # The owner sees all of it, and works on.
        moved = here.must("card", "msisdn", fleet[6].iccid, fleet[6].msisdn, "--json").json()["changed"]
        self.assertEqual(moved[0]["before"], "882390000999")
        wrote = here.must("card", "write", fleet[0].iccid, "--file", SPN, "--content", OTHER, "--json").json()
        self.assertEqual((wrote["outcome"], wrote["iccid"]), ("done", fleet[0].iccid))
        self.assertTrue(server.alive())

    def test_campaigns_are_made_and_looked_at_beside_the_owner(self):
        fleet = make_fleet(4)
        here, server = self.serve(fleet)
        path = here.folder / "one.toml"
        path.write_text(campaign_text())
        self.assertEqual(here.must("campaign", "preview", path, "--json").json()["targets"], 4)
        made = here.must("campaign", "create", path, "--json").json()["id"]
        self.assertEqual([one["id"] for one in here.must("campaign", "list", "--json").json_lines()], [made])
        self.assertEqual(here.status(made)["state"], "created")
        self.assertEqual(here.report(made)[1]["targets"], 4)
        server.stop()
        here.must("campaign", "run", made)
        self.assertEqual(here.status(made)["outcomes"]["done"], 4)
        server = here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        self.assert_refused(here.run("campaign", "resume", made), "is finished and cannot be resumed")
        again = here.run("campaign", "follow-up", made, "--outcome", "done", "--json")
        self.assertEqual(again.status, 0, again.err)
        self.assert_refused(here.run("campaign", "run", again.json()["id"]), f"pid {server.pid}")

    def test_many_at_once(self):
        fleet = make_fleet(60)
        here, server = self.serve(fleet[:20])
        parts = [write_csv(here.folder / f"{at}.csv", fleet[20 + 10 * at:30 + 10 * at]) for at in range(4)]
        outcomes = []
        threads = [threading.Thread(target=lambda words=words: outcomes.append(here.run(*words)))
                   for words in [("card", "import", part) for part in parts] + [("card", "list")] * 4]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual([one.err for one in outcomes if one.status != 0], [])
        self.assertEqual(len(here.must("card", "list", "--json").json_lines()), 60)
        self.assertTrue(server.alive())

    def test_a_schema_of_another_program_is_refused_clearly(self):
        here, server = self.serve(make_fleet(1))
        change = ("import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); base.execute(sys.argv[2]); base.commit()")
        for sql, said in (("UPDATE schema_migration SET version = version + 1000", "use the program that wrote it"),
                          ("UPDATE schema_migration SET version = version - 1001", "earlier program")):
            subprocess.run(["python3", "-c", change, str(here.data / "tessera.db"), sql], check=True)
            self.assert_refused(here.run("card", "list"), "schema", said)
        server.kill()


class Ends(WorldTest):
    """An owner that is beginning does not serve yet; one that is ending serves no more."""

    def test_nobody_is_refused_while_owners_come_and_go(self):
        here = self.world(make_fleet(1))
        over = threading.Event()
        refused = []

        def ask():
            while not over.is_set():
                refused.append(here.run("campaign", "pause", "x").err)

        asking = threading.Thread(target=ask)
        asking.start()
        for _ in range(4):
            server = here.start("serve")
            wait_for("the server", lambda server=server: "serving" in server.stdout(), server.process)
            server.stop()
        over.set()
        asking.join()
        self.assertEqual([one for one in refused if "no campaign with this id" not in one], [])

    def test_an_owner_that_never_serves_is_named(self):
        here = self.world(make_fleet(1))
        with open(here.data / "tessera.lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            refused = here.run("campaign", "pause", "x", "--json")
        self.assertEqual(refused.status, 1)
        self.assertEqual(refused.json()["code"], "in_use")


def opened(running):
    """Files that a process has open, or an empty list when it has gone."""
    folder = Path(f"/proc/{running.pid}/fd")
    found = []
    try:
        for one in folder.iterdir():
            try:
                found.append(os.readlink(one))
            except OSError:
                continue
    except OSError:
        return []
    return found


class ErrorsAsJson(WorldTest):
    def test_every_refusal_is_an_object_with_the_same_status(self):
        here = self.world(make_fleet(2))
        bad = here.folder / "bad.toml"
        bad.write_text('[campaign]\nname = "x"\nwhat = 1\n')
        for words in (["card", "show", "1", "--json"], ["card", "import", here.folder / "none.csv", "--json"],
                      ["campaign", "create", here.folder / "none.toml", "--json"], ["campaign", "status", "x", "--json"],
                      ["campaign", "report", "x", "--format", "json"], ["profile", "show", "x", "--json"],
                      ["transport-key", "status", "x", "--json"], ["card", "read", "1", "--file", SPN, "--json"]):
            with self.subTest(words=words):
                plain = here.run(*[word for word in words if word != "--json"])
                told = here.run(*words)
                self.assertEqual((told.status, told.err), (1, plain.err))
                self.assertEqual(set(told.json()) - {"iccid"}, {"code", "field", "message"}, told.out)
        several = here.run("campaign", "create", bad, "--json")
        self.assertEqual(several.status, 1)
        self.assertGreater(len(several.json()["problems"]), 1)
        usage = here.run("campaign", "create", "--json")
        self.assertEqual((usage.status, usage.json()["code"]), (2, "wrong_usage"))


class PlainErrors(WorldTest):
    def test_what_cannot_be_read_says_why(self):
        here = self.world(make_fleet(1))
        loop = here.folder / "loop"
        loop.symlink_to(loop)
        for words in (["campaign", "create", loop], ["card", "import", loop], ["profile", "import", loop],
                      ["card", "import", here.csv, "--mapping", loop]):
            with self.subTest(words=words):
                self.assert_refused(here.run(*words), str(loop), "symbolic link")
        self.assert_refused(harness.run("--data", loop, "card", "list"), str(loop), "cannot be read", "symbolic link")
        self.assertNotIn("filesystem error", harness.run("--data", loop, "card", "list").err)
        self.assert_refused(here.run("campaign", "create", here.folder), "Is a directory")

    def test_an_import_of_nothing_good_fails(self):
        here = self.world()
        file = write_csv(here.folder / "bad.csv", ["1,2,3"])
        refused = here.run("card", "import", file, "--json")
        self.assertEqual((refused.status, refused.json()["rejected"]), (1, 1))
        mixed = write_csv(here.folder / "mixed.csv", [make_fleet(1)[0], "1,2,3"])
        self.assertEqual(here.must("card", "import", mixed, "--json").json()["rejected"], 1)

    def test_a_preview_for_nobody_says_so(self):
        here = self.world(make_fleet(1))
        path = here.folder / "nobody.toml"
        path.write_text(campaign_text(targets='iccid_range = ["8900000000000000000", "8900000000000000001"]'))
        told = here.run("campaign", "preview", path, "--json")
        self.assertIn("nobody of the registry", told.err)

    def test_values_that_mean_nothing(self):
        self.assert_refused(harness.run("ef", "encode", "SPN", "{}"), "value", "is empty")
        self.assert_refused(harness.run("ef", "encode", "UST", "[999]"), "value[0]", "from 1 to 256")


class HangingUp(WorldTest):
    """Cards that answer late keep a campaign in its exchange, and operations behind it waiting."""

    def setUp(self):
        self.fleet = make_fleet(20)
        self.here = self.world(self.fleet, faults='delay = "5s"\n')
        self.id = self.here.create(campaign_text(por_timeout="60s"))
        self.running = self.here.start("campaign", "run", self.id)
        # Cards of a chunk that is not released yet may be written, so a refusal of one says little of the others.
        wait_for("the release", lambda: self.here.simulator.statistics()["submits"] == len(self.fleet),
                 self.running.process)

    def test_what_waits_is_withdrawn_when_its_client_ends(self):
        card = self.fleet[2].iccid
        words = ("card", "write", card, "--file", SPN, "--content", OTHER, "--wait")
        for number in (signal.SIGINT, signal.SIGKILL):
            waiting = self.here.start(*words)
            wait_for("the request", lambda: any(one.startswith("socket:") for one in opened(waiting)))
            waiting.process.send_signal(number)
            waiting.wait()
            if number == signal.SIGINT:
                self.assertIn("nothing was sent", waiting.stderr())
        self.assertEqual(self.running.wait(), 0)
        shown = self.here.must("card", "show", card, "--json").json()
        self.assertEqual([one for one in shown["history"] if one["event"] == "operation"], [])
        self.assertEqual(self.here.simulator.read([card], SPN)[card]["content"], SPN_CONTENT)


class Begun(WorldTest):
    def test_what_has_begun_goes_on_and_the_client_says_so(self):
        fleet = make_fleet(1)
        here = self.world(fleet, faults='delay = "1500ms"\n')
        server = here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        card = fleet[0].iccid
        asked = here.start("card", "write", card, "--file", SPN, "--content", OTHER)
        def history():
            shown = here.must("card", "show", card, "--json").json()
            return [one["outcome"] for one in shown["history"] if one["event"] == "operation"]
        wait_for("the operation", lambda: history() != [], asked.process)
        asked.process.send_signal(signal.SIGINT)
        self.assertEqual(asked.wait(), 1)
        self.assertIn("goes on", asked.stderr())
        wait_for("its end", lambda: history() == ["done"], server.process)
        self.assertEqual(here.simulator.read([card], SPN)[card]["content"], OTHER)


class NoLink(WorldTest):
    def test_an_operation_without_a_link_was_not_sent(self):
        fleet = make_fleet(1)
        here = self.world(fleet)
        port = closed_port()
        self.addCleanup(port.close)
        here.connect(f"127.0.0.1:{port.getsockname()[1]}")
        words = ("card", "write", fleet[0].iccid, "--file", SPN, "--content", OTHER, "--por-timeout", "100ms",
                 "--attempts", "2", "--json")
        made = here.run(*words)
        self.assertEqual(made.status, 1)
        self.assertEqual((made.json()["outcome"], made.json()["cause"]),
                         ("failed", "no_link to the SMSC, nothing was sent"))
        # With a link again it may simply be repeated.
        simulator = harness.Simulator(here.folder, here.csv)
        self.addCleanup(simulator.close)
        here.connect(simulator.address)
        self.assertEqual(here.must(*words).json()["outcome"], "done")
        self.assertEqual(simulator.read([fleet[0].iccid], SPN)[fleet[0].iccid]["executed"], 1)

    def test_of_two_that_wait_for_a_link_the_one_that_ended_is_not_sent_later(self):
        fleet = make_fleet(2)
        here = self.world(fleet)
        port = closed_port()
        address = f"127.0.0.1:{port.getsockname()[1]}"
        here.connect(address)
        server = here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        patient = here.start("card", "write", fleet[1].iccid, "--file", SPN, "--content", OTHER, "--por-timeout", "60s")
        short = here.run("card", "write", fleet[0].iccid, "--file", SPN, "--content", OTHER, "--por-timeout", "100ms",
                         "--attempts", "1", "--json")
        self.assertEqual(short.json()["cause"], "no_link to the SMSC, nothing was sent")
        port.close()
        late = here.start("sim", "smsc", "--cards", here.csv, "--listen", address)
        wait_for("the SMSC", lambda: "listening" in late.stdout(), late.process)
        self.assertEqual(patient.wait(), 0, patient.stderr())
        read = here.must("card", "read", fleet[0].iccid, "--file", SPN, "--json").json()
        self.assertNotEqual(read["content"], OTHER)


class RawCommands(WorldTest):
    def test_what_raw_commands_may_have_changed_is_not_believed(self):
        fleet = make_fleet(3)
        here = self.world(fleet, faults="")
        first = here.create(campaign_text())
        here.must("campaign", "run", first)
        # One by its path, one by its short identifier from nobody knows where, one reads only.
        here.must("card", "run", fleet[0].iccid, "--apdu", "00a40804047f206f46", "--apdu", "00d6000011" + OTHER)
        here.run("card", "run", fleet[1].iccid, "--apdu", "00a4030000", "--apdu", "00d6940011" + OTHER)
        here.must("card", "run", fleet[2].iccid, "--apdu", "00a40804047f206f46", "--apdu", "00b0000011")
        again = here.create(campaign_text(name="Again"))
        here.must("campaign", "run", again)
        rows, _ = here.report(again)
        self.assertEqual([rows[card.iccid]["outcome"] for card in fleet], ["done", "done", "skipped"])
        for held in here.simulator.read([card.iccid for card in fleet], SPN).values():
            self.assertEqual(held["content"], SPN_CONTENT)


class Cancelling(WorldTest):
    def test_the_answer_counts_what_was_settled(self):
        fleet = make_fleet(20)
        here = self.world(fleet, faults='delay = "1500ms"\n')
        campaign = here.create(campaign_text(por_timeout="30s"))
        running = here.start("campaign", "run", campaign)
        wait_for("the release", lambda: here.run("card", "write", fleet[1].iccid, "--file", SPN, "--content",
                                                 OTHER).status == 3, running.process)
        told = here.must("campaign", "cancel", campaign, "--json").json()
        self.assertEqual((told["state"], told["settling"]), ("cancelled", False))
        self.assertEqual(told["settled"] + told["not_sent"], 20)
        running.wait()
        now = here.status(campaign)
        self.assertEqual((now["outcomes"], now["not_sent"]), (told["outcomes"], told["not_sent"]))


if __name__ == "__main__":
    harness.main()
