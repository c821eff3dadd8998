"""campaign create, run, resume, status, list, report, and demo, as a user meets them."""

import csv
import io
import re
import signal
import socket

import harness
from harness import SPN, SPN_CONTENT, WorldTest, campaign_text, make_fleet, run, wait_for, write_csv

STATUS_FIELDS = {"id", "name", "state", "round", "phase", "targets", "prepared", "sent", "answered", "settled",
                 "outcomes"}
OUTCOMES = {"done", "skipped", "failed", "unknown"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Create(WorldTest):
    def test_prints_the_id_alone(self):
        world = self.world(make_fleet(2))
        file = world.folder / "c.toml"
        file.write_text(campaign_text())
        outcome = world.must("campaign", "create", file)
        self.assertRegex(outcome.out, rf"\A{UUID.pattern}\n\Z")
        self.assertEqual(outcome.err, "")
        self.assertRegex(world.must("campaign", "create", file, "--json").json()["id"], UUID)

    def test_tells_every_mistake_with_its_line(self):
        world = self.world(make_fleet(2))
        file = world.folder / "wrong.toml"
        file.write_text('[campaign]\nname = ""\nnam = "x"\n[targets]\nprofile = "nobody"\n[security]\ntar = "b0001"\n'
                        'spi = "0000"\nkvn = 16\ncc_len = 5\n[[write]]\nfile = "7f2"\ncontent = "0"\n[[write]]\n'
                        'file = "7f20/6f46"\nrecord = 300\ncontent = ""\n[telecom]\nsmsc = "other"\n'
                        'por_timeout = "fast"\nattempts = 0\n[extra]\n')
        outcome = world.run("campaign", "create", file)
        lines = [2, 3, 5, 7, 8, 9, 10, 12, 13, 16, 17, 19, 20, 21, 22]
        self.assert_refused(outcome, *(f"{file}:{line}: " for line in lines))
        told = [int(line) for line in re.findall(rf"{re.escape(str(file))}:(\d+): ", outcome.err)]
        self.assertEqual(told, sorted(told), "in the order of the file")
        self.assertEqual(sorted(set(told)), lines)
        self.assertEqual(world.must("campaign", "list").out, "")

    def test_missing_sections(self):
        world = self.world(make_fleet(1))
        file = world.folder / "empty.toml"
        file.write_text("")
        self.assert_refused(world.run("campaign", "create", file), f"{file}:1: ", "[campaign]", "[targets]",
                            "[security]", "[[write]]")

    def test_an_unknown_key_in_every_section(self):
        world = self.world(make_fleet(1))
        file = world.folder / "unknown.toml"
        for section in ("[campaign]", "[targets]", "[security]", "[[write]]", "[telecom]"):
            text = campaign_text().replace(section + "\n", section + "\nbogus = 1\n")
            file.write_text(text)
            line = text.splitlines().index("bogus = 1") + 1
            self.assert_refused(world.run("campaign", "create", file), f"{file}:{line}: ", '"bogus"')

    def test_broken_toml_has_a_line_too(self):
        world = self.world(make_fleet(1))
        file = world.folder / "broken.toml"
        for text, line in (("[campaign\n", 1), ('[campaign]\nname = "a\n', 2), ("a = 1\na = 2\n", 2), ("\n\n= 3\n", 3)):
            file.write_text(text)
            self.assert_refused(world.run("campaign", "create", file), f"{file}:{line}: ")

    def test_targets_of_every_kind(self):
        world = self.world(make_fleet(12))
        listed = [card.iccid for card in world.fleet[3:8]]
        (world.folder / "list.txt").write_text("# some\n" + "\r\n".join(listed) + "\n\n" + listed[0] + "\n")
        first, last = world.fleet[2].imsi, world.fleet[6].imsi
        for targets, count in (('profile = "p-des"', 2), ('iccids = "list.txt"', 5),
                               (f'imsi_range = ["{first}", "{last}"]', 5), ("all = true", 12),
                               (f'iccids = ["{listed[0]}", "{listed[1]}"]', 2),
                               (f'imsis = ["{first}"]\nmsisdns = ["{world.fleet[2].msisdn}"]', 1),
                               (f'msisdn_range = ["{world.fleet[0].msisdn}", "{world.fleet[3].msisdn}"]', 4),
                               (f'iccid_range = ["{world.fleet[1].iccid}", "{world.fleet[4].iccid}"]', 4),
                               (f'imsi_range = ["{first}", "{last}"]\niccids = "list.txt"', 4),
                               ('all = true\n[targets.exclude]\nprofile = "p-des"\niccids = "list.txt"', 6),
                               ('image = \'file "7f20/6f46" missing\'', 12)):
            with self.subTest(targets=targets):
                self.assertEqual(world.status(world.create(campaign_text(targets=targets)))["targets"], count)

    def test_targets_that_are_none(self):
        world = self.world(make_fleet(2))
        known, file = world.fleet[0].iccid, world.folder / "t.toml"
        (world.folder / "bad.txt").write_text(f"{known}\nnonsense\n8949001999999999999\n")
        (world.folder / "none.txt").write_text("\n")
        for targets, said in (('iccids = "absent.txt"', "absent.txt"), ('iccids = "none.txt"', "none.txt"),
                              ('iccids = "bad.txt"', "bad.txt:2: "), ('iccids = "bad.txt"', "bad.txt:3: "),
                              ('iccids = "."', ":4: "), ('imsi_range = ["1", "2"]', ":4: "),
                              ('imsi_range = ["999990000000000", "999990000000009"]', "[targets]"),
                              ("imsi_range = 5", ":4: "), ('all = "yes"', ":4: "), ("all = false", ":4: "),
                              ('profile = "a"\nall = true', "stands alone"), ("", "at least one"),
                              ('tag = "nobody"', ":4: "), ('campaign = "none"\noutcome = "failed"', ":4: "),
                              ('imsis = ["999990000000000"]', ":4: "),
                              ('all = true\n[targets.exclude]\niccids = "bad.txt"', "bad.txt:2: ")):
            with self.subTest(targets=targets):
                file.write_text(campaign_text(targets=targets))
                self.assert_refused(world.run("campaign", "create", file), said)


class Audit(WorldTest):
    def test_an_audit_reports_the_drift_of_a_fleet(self):
        world = self.world(make_fleet(8), faults="")
        world.must("campaign", "run", world.create(campaign_text()))
        odd = world.fleet[3]
        world.must("card", "run", odd.iccid, "--apdu", "00a40804047f206f46", "--apdu",
                   "00d60000110158585858ffffffffffffffffffffffff")
        reads = campaign_text(name="Audit", writes=()) + '[[read]]\nfile = "gsm/SPN"\n'
        file = world.folder / "audit.toml"
        file.write_text(reads)
        self.assertIn("8  cards to be read", world.must("campaign", "preview", file).out)
        audit = world.create(reads)
        self.assertIn("1  drifted", world.must("campaign", "run", audit).out)
        self.assertEqual(world.status(audit)["drift"], 1)
        self.assertEqual(world.status(audit)["outcomes"]["done"], 8)
        lines = world.must("campaign", "report", audit, "--format", "json").json_lines()
        self.assertEqual(lines.pop()["summary"]["drift"], 1)
        self.assertEqual([line["iccid"] for line in lines], [card.iccid for card in world.fleet])
        for line in lines:
            drift = line["iccid"] == odd.iccid
            self.assertEqual((line["file"], line["drift"], line["expected"]), (SPN, drift, SPN_CONTENT))
            self.assertEqual(line["value"], {"display": "XXXX" if drift else "Tessera", "flags": 1})
        rows = list(csv.DictReader(io.StringIO(world.must("campaign", "report", audit, "--format", "csv").out)))
        self.assertEqual([row["drift"] for row in rows].count("true"), 1)
        self.assertEqual({row["content"] for row in rows if row["drift"] == "false"}, {SPN_CONTENT})
        # Mended by a campaign over those that drifted.
        mend = world.create(campaign_text(name="Mend", targets=f'campaign = "{audit}"\noutcome = "drift"'))
        self.assertEqual(world.status(mend)["targets"], 1)
        again = world.must("campaign", "follow-up", audit, "--outcome", "drift").out.strip()
        world.must("campaign", "run", mend)
        world.must("campaign", "run", again)
        self.assertEqual((world.status(again)["targets"], world.status(again)["drift"]), (1, 0))


class Preview(WorldTest):
    def test_a_file_and_then_its_campaign(self):
        world = self.world(make_fleet(12), faults="")
        world.must("campaign", "run", world.create(campaign_text(targets='profile = "p-des"')))
        no_key = make_fleet(13)[12]
        bare = ",".join([no_key.iccid, no_key.imsi, no_key.msisdn, "bare", "", "", "", "", "", ""])
        world.must("card", "import", write_csv(world.folder / "bare.csv", [bare]))
        file = world.folder / "next.toml"
        file.write_text(campaign_text())
        found = world.must("campaign", "preview", file, "--json").json()
        wanted = {"targets": 13, "skipped": 2, "no_subscriber": 0, "no_key": 1, "no_packet": 0, "cards": 10,
                  "packets": 10, "sms": 10, "limited_by": "window", "waves": [], "needs_approval": None}
        self.assertEqual({key: found[key] for key in wanted}, wanted)
        self.assertEqual(len(world.must("campaign", "list", "--json").json_lines()), 1, "nothing was made")
        campaign = world.create(campaign_text())
        self.assertEqual(world.must("campaign", "preview", campaign, "--json").json(), found)
        said = world.must("campaign", "preview", campaign).out
        for words in ("13  targets", "2  skipped", "1  would fail: no key set", "10  short messages", "window"):
            self.assertIn(words, said)
        submits = world.simulator.statistics()["submits"]
        world.must("campaign", "run", campaign)
        self.assertEqual(world.simulator.statistics()["submits"] - submits, found["sms"])
        self.assertEqual(world.status(campaign)["outcomes"], {"done": 10, "skipped": 2, "failed": 1, "unknown": 0})
        self.assert_refused(world.run("campaign", "preview", campaign), campaign, "finished")

    def test_the_rate_makes_the_time(self):
        world = self.world(make_fleet(40))
        (world.data / "tessera.toml").write_text("[[smsc]]\nrate = 20\n")
        file = world.folder / "c.toml"
        file.write_text(campaign_text())
        found = world.must("campaign", "preview", file, "--json").json()
        self.assertEqual((found["estimated_seconds"], found["sms_per_second"], found["limited_by"]), (2, 20, "rate"))
        self.assertIn("the rate of [[smsc]] main", world.must("campaign", "preview", file).out)

    def test_mistakes_and_what_is_not_there(self):
        world = self.world(make_fleet(1))
        file = world.folder / "wrong.toml"
        file.write_text(campaign_text(targets='tag = "nobody"'))
        self.assert_refused(world.run("campaign", "preview", file), f"{file}:4: ")
        self.assert_refused(world.run("campaign", "preview", world.folder / "absent.toml"), "absent.toml")
        nobody = "01890000-0000-7000-8000-000000000000"
        self.assert_refused(world.run("campaign", "preview", nobody), nobody)


class FollowUp(WorldTest):
    def test_the_open_cards_of_a_campaign(self):
        world = self.world(make_fleet(40), faults="card_off = 0.3\ncard_wrong_key = 0.3\n")
        campaign = world.create(campaign_text(por_timeout="300ms", attempts=1))
        self.assert_refused(world.run("campaign", "follow-up", campaign), campaign, "created")
        world.must("campaign", "run", campaign)
        outcomes = world.status(campaign)["outcomes"]
        self.assertGreater(outcomes["unknown"], 0)
        self.assertGreater(outcomes["failed"], 0)
        said = world.must("campaign", "follow-up", campaign)
        self.assertRegex(said.out, rf"\A{UUID.pattern}\n\Z")
        status = world.status(said.out.strip())
        self.assertEqual((status["name"], status["targets"]),
                         ("Test (follow-up)", outcomes["unknown"] + outcomes["failed"]))
        named = world.must("campaign", "follow-up", campaign, "--outcome", "failed", "--name", "Wrong", "--json").json()
        status = world.status(named["id"])
        self.assertEqual((status["name"], status["targets"]), ("Wrong", outcomes["failed"]))
        world.must("campaign", "run", named["id"])
        self.assertEqual(world.status(named["id"])["outcomes"]["failed"], outcomes["failed"])
        self.assert_refused(world.run("campaign", "follow-up", campaign, "--outcome", "lost"), "--outcome")
        self.assert_refused(world.run("campaign", "follow-up", campaign, "--outcome", "skipped"), "no card")


class Run(WorldTest):
    def test_a_campaign_from_beginning_to_end(self):
        world = self.world(make_fleet(60), faults="")
        campaign = world.create(campaign_text())
        before = world.status(campaign)
        self.assertLessEqual(STATUS_FIELDS, set(before))
        self.assertEqual((before["state"], before["phase"], before["targets"], before["settled"]),
                         ("created", None, 60, 0))
        outcome = world.must("campaign", "run", campaign)
        self.assertIn(campaign, outcome.out)
        self.assertIn("60  done", outcome.out)
        for phase in ("prepare", "exchange", "settle"):
            self.assertRegex(outcome.err, rf"round 1 {phase} .*60 of 60 cards")
        self.check_status(world, campaign)
        self.check_cards(world)
        self.assertEqual(world.simulator.statistics()["binds"], 1)

    def test_files_by_name_and_value_reach_the_cards(self):
        writes = {"7fff/6f46": ('file = "SPN"\nvalue = {display = "Tessera", flags = 1}', SPN_CONTENT),
                  SPN: ('file = "gsm/SPN"\nvalue = {display = "Tessera", flags = 1}', SPN_CONTENT),
                  "7fff/6f61": ('file = "OPLMNwAcT"\nvalue = ["26202:eutran,geran"]', "62f2204080" + "ffffff0000" * 7),
                  "7fff/6f40": ('file = "MSISDN"\nrecord = 1\nvalue = {number = "+491721217212"}',
                                "f" * 28 + "0791947112122721" + "f" * 12)}
        sections = "".join(f"[[write]]\n{write}\n" for write, _ in writes.values())
        plain = campaign_text(writes=())
        for tar in ("b00010", "b00011"):
            world = self.world(make_fleet(4), faults="")
            campaign = world.create(plain.replace("[telecom]", sections + "[telecom]").replace("b00010", tar))
            self.assertIn("4  done", world.must("campaign", "run", campaign).out)
            for file, (_, content) in writes.items():
                for held in world.simulator.read([card.iccid for card in world.fleet], file).values():
                    self.assertTrue(held["content"].startswith(content), f"{tar} {file} {held}")

    def check_status(self, world, campaign):
        status = world.status(campaign)
        self.assertEqual({key: status[key] for key in STATUS_FIELDS - {"id", "name"}},
                         {"state": "finished", "phase": None, "round": 1, "targets": 60, "prepared": 60, "sent": 60,
                          "answered": 60, "settled": 60,
                          "outcomes": {"done": 60, "skipped": 0, "failed": 0, "unknown": 0}})
        self.assertEqual((status["id"], status["name"]), (campaign, "Test"))
        self.assertIn(campaign, world.must("campaign", "status", campaign).out)

    def check_cards(self, world):
        for iccid, held in world.simulator.read([card.iccid for card in world.fleet], SPN).items():
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1), iccid)
        shown = world.must("card", "show", world.fleet[0].iccid, "--json").json()
        self.assertEqual([(one["file"], one["content"]) for one in shown["image"]], [(SPN, SPN_CONTENT)])
        self.assertEqual([one["event"] for one in shown["history"]], ["imported", "campaign"])
        self.assertEqual(shown["history"][1]["outcome"], "done")

    def test_run_as_json_prints_one_object(self):
        world = self.world(make_fleet(6), faults="")
        campaign = world.create(campaign_text())
        self.assertEqual(world.must("campaign", "run", campaign, "--json").json()["state"], "finished")
        self.assertEqual(world.must("campaign", "resume", campaign, "--json").json()["outcomes"]["done"], 6)

    def test_a_finished_campaign_is_not_run_again_but_may_be_resumed(self):
        world = self.world(make_fleet(3), faults="")
        campaign = world.create(campaign_text())
        world.must("campaign", "run", campaign)
        self.assert_refused(world.run("campaign", "run", campaign), campaign, "finished")
        self.assertIn("3  done", world.must("campaign", "resume", campaign).out)
        self.assertEqual(world.simulator.statistics()["submits"], 3)

    def test_resume_starts_a_campaign_not_begun(self):
        world = self.world(make_fleet(3), faults="")
        self.assertIn("3  done", world.must("campaign", "resume", world.create(campaign_text())).out)

    def test_who_holds_the_content_already_is_skipped(self):
        world = self.world(make_fleet(6), faults="")
        world.must("campaign", "run", world.create(campaign_text(targets='profile = "p-des"')))
        second = world.create(campaign_text())
        world.must("campaign", "run", second)
        self.assertEqual(world.status(second)["outcomes"], {"done": 5, "skipped": 1, "failed": 0, "unknown": 0})
        self.assertEqual(world.simulator.statistics()["submits"], 6)

    def test_content_of_several_messages_and_several_writes(self):
        world = self.world(make_fleet(12), faults="")
        writes = (("7f20/6f60", "11" * 250), (SPN, SPN_CONTENT), ("7ff0/6f61", "22" * 40))
        campaign = world.create(campaign_text(writes=writes, por_timeout="20s"))
        world.must("campaign", "run", campaign)
        self.assertEqual(world.status(campaign)["outcomes"]["done"], 12)
        for file, content in writes:
            for held in world.simulator.read([card.iccid for card in world.fleet], file).values():
                self.assertEqual((held["content"][:len(content)], held["executed"]), (content, 1))

    def test_outcomes_say_why(self):
        faults = "card_off = 0.2\ncard_wrong_key = 0.2\n"
        world = self.world(make_fleet(40), faults=faults)
        no_key = make_fleet(41)[40]
        bare = ",".join([no_key.iccid, no_key.imsi, no_key.msisdn, "bare", "", "", "", "", "", ""])
        world.must("card", "import", write_csv(world.folder / "bare.csv", [bare]))
        campaign = world.create(campaign_text(por_timeout="300ms", attempts=2))
        self.assertEqual(world.run("campaign", "run", campaign).status, 0)
        rows, _ = world.report(campaign)
        self.assertEqual(rows[no_key.iccid]["cause_kind"], "no_key")
        kinds = {(row["outcome"], row["cause_kind"]) for row in rows.values()}
        self.assertEqual(kinds, {("done", None), ("unknown", "no_answer"), ("failed", "por_status"),
                                 ("failed", "no_key")})

    def test_a_file_that_no_card_has_fails_with_its_status_word(self):
        world = self.world(make_fleet(6), faults="")
        campaign = world.create(campaign_text(writes=(("7f20/6fff", "00"),)))
        self.assertEqual(world.run("campaign", "run", campaign).status, 0)
        rows, summary = world.report(campaign)
        self.assertEqual(summary["failed"], 6)
        for row in rows.values():
            self.assertEqual((row["outcome"], row["cause_kind"]), ("failed", "status_word"))
            self.assertRegex(row["cause"], r"status_word (6a82|94\d\d)")

    def test_the_persistent_session(self):
        world = self.world(make_fleet(6), faults="")
        file = world.data / "tessera.toml"
        file.write_text('[telecom]\nsession = "persistent"\n' + file.read_text())
        self.assertIn("6  done", world.must("campaign", "run", world.create(campaign_text())).out)

    def test_an_smsc_that_tessera_toml_lost_since(self):
        world = self.world(make_fleet(1))
        campaign = world.create(campaign_text())
        (world.data / "tessera.toml").write_text('[[smsc]]\nname = "other"\n')
        self.assert_refused(world.run("campaign", "run", campaign), "main")

    def test_an_id_that_is_none(self):
        world = self.world(make_fleet(1))
        for words in (["run"], ["resume"], ["status"], ["report"], ["report", "--format", "csv"], ["status", "--json"]):
            for name in ("00000000-0000-7000-8000-000000000000", "x", "", "'; DROP TABLE campaign"):
                outcome = world.run("campaign", words[0], name, *words[1:])
                self.assertEqual(outcome.status, 1, outcome)
                self.assert_no_crash(outcome)
                self.assertIn("no campaign", outcome.err)


class Report(WorldTest):
    def finished(self):
        world = self.world(make_fleet(24), faults="card_off = 0.1\ncard_wrong_key = 0.1\n", seed=3)
        campaign = world.create(campaign_text(por_timeout="300ms", attempts=2))
        world.must("campaign", "run", campaign)
        return world, campaign

    def test_the_three_formats_agree(self):
        world, campaign = self.finished()
        lines = world.must("campaign", "report", campaign, "--format", "json").json_lines()
        self.assertEqual(lines, world.must("campaign", "report", campaign, "--json").json_lines())
        rows, summary = {row["iccid"]: row for row in lines[:-1]}, lines[-1]["summary"]
        self.check_json(world, rows, summary)
        table = list(csv.DictReader(io.StringIO(world.must("campaign", "report", campaign, "--format", "csv").out)))
        self.assertEqual({row["iccid"]: (row["outcome"], row["cause"], int(row["attempts"])) for row in table},
                         {iccid: (row["outcome"], row["cause"] or "", row["attempts"]) for iccid, row in rows.items()})
        text = world.must("campaign", "report", campaign).out
        self.assertEqual(text, world.must("campaign", "report", campaign, "--format", "text").out)
        for iccid, row in rows.items():
            self.assertEqual(iccid in text, row["outcome"] != "done")

    def check_json(self, world, rows, summary):
        self.assertEqual(set(rows), {card.iccid for card in world.fleet})
        for row in rows.values():
            self.assertLessEqual({"iccid", "outcome", "cause", "attempts"}, set(row))
            self.assertEqual(row["cause"] is None, row["outcome"] == "done")
        self.assertLessEqual({"targets", "phases"} | OUTCOMES, set(summary))
        self.assertEqual(summary["targets"], 24)
        for outcome in OUTCOMES:
            self.assertEqual(summary[outcome], sum(row["outcome"] == outcome for row in rows.values()))
        self.assertEqual(set(summary["phases"]), {"prepare", "exchange", "settle"})

    def test_before_the_run_every_card_is_open(self):
        world = self.world(make_fleet(2))
        campaign = world.create(campaign_text())
        rows, summary = world.report(campaign)
        self.assertEqual([row["outcome"] for row in rows.values()], [None, None])
        self.assertEqual((summary["targets"], summary["done"]), (2, 0))
        table = list(csv.DictReader(io.StringIO(world.must("campaign", "report", campaign, "--format", "csv").out)))
        self.assertEqual([row["outcome"] for row in table], ["", ""])

    def test_the_list_pages_by_id(self):
        world = self.world(make_fleet(1))
        made = [world.create(campaign_text(name=f"Number {n}")) for n in range(5)]
        listed = world.must("campaign", "list", "--json").json_lines()
        self.assertEqual([one["id"] for one in listed], made)
        self.assertTrue(all(STATUS_FIELDS <= set(one) for one in listed))
        page = world.must("campaign", "list", "--limit", "2", "--after", made[1], "--json").json_lines()
        self.assertEqual([one["name"] for one in page], ["Number 2", "Number 3"])
        text = world.must("campaign", "list").out.splitlines()
        self.assertEqual([line.split()[0] for line in text], made)
        self.assert_refused(world.run("campaign", "list", "--after", "x"), "--after")


class OneOwner(WorldTest):
    def waiting_run(self):
        """A campaign that stands in its exchange, since nobody accepts connections there."""
        world = self.world(make_fleet(4))
        closed = socket.socket()
        self.addCleanup(closed.close)
        closed.bind(("127.0.0.1", 0))
        world.connect(f"127.0.0.1:{closed.getsockname()[1]}")
        campaign = world.create(campaign_text())
        running = world.start("campaign", "run", campaign)
        waiting = wait_for("the end of P1", lambda: "round 1 prepare" in running.stderr(), running.process)
        waiting = waiting and wait_for("the exchange", lambda: world.status(campaign)["phase"] == "exchange",
                                       running.process)
        self.assertTrue(waiting, running.stderr())
        return world, campaign, running

    def test_another_process_is_refused_with_the_pid(self):
        world, campaign, running = self.waiting_run()
        for words in (["campaign", "run", campaign], ["campaign", "resume", campaign], ["init"],
                      ["demo", "--cards", "5"]):
            self.assert_refused(world.run(*words), f"pid {running.pid}")
        self.assertTrue(running.alive())
        # What it can be asked, it answers.
        self.assertEqual(world.status(campaign)["state"], "running")

    def test_a_signal_stops_it_and_resume_goes_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                world, campaign, running = self.waiting_run()
                self.assertEqual(running.stop(number), 1)
                self.assertIn("campaign resume", running.stderr())
                self.assertEqual(running.stdout(), "")
                status = world.status(campaign)
                self.assertEqual((status["state"], status["phase"]), ("running", "exchange"))
                self.assert_refused(world.run("campaign", "run", campaign), "running", "resume")
                simulator = harness.Simulator(world.folder, world.csv)
                self.addCleanup(simulator.close)
                world.connect(simulator.address)
                self.assertIn("4  done", world.must("campaign", "resume", campaign).out)


class Demo(WorldTest):
    def test_twice(self):
        data = self.folder() / "demo"
        first = run("--data", data, "demo", "--cards", "500")
        self.assertEqual(first.status, 0, first.err)
        self.assertEqual(len(re.findall(r"(?m)^card says \{.*5465737365726\w+.*\}$", first.out)), 3)
        for phase in ("prepare", "exchange", "settle"):
            self.assertIn(f"round 1 {phase}", first.err)
            self.assertRegex(first.out, rf"{phase} .*cards/s")
        second = run("--data", data, "demo", "--cards", "500")
        self.assertEqual(second.status, 0, second.err)
        self.assertIn("already done", second.out)
        campaign = re.search(UUID, first.out).group()
        self.assertEqual(run("--data", data, "campaign", "status", campaign, "--json").json()["targets"], 500)

    def test_a_perfect_world(self):
        done = run("--data", self.folder() / "d", "demo", "--cards", "50", "--no-faults")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("50  done\n", done.out)

    def test_real_cards_are_not_touched(self):
        world = self.world(make_fleet(3))
        before = world.must("card", "list", "--json").out
        self.assert_refused(world.run("demo", "--cards", "5"), "--data")
        self.assertEqual(world.must("card", "list", "--json").out, before)
        self.assertEqual(world.must("campaign", "list").out, "")


if __name__ == "__main__":
    harness.main()
