"""init, card, ota, sim and wrong usage, as a user meets them."""

import json
import random
import re
import stat
import unittest

import harness
from harness import HEADER, SPN, WorldTest, make_card, make_fleet, run, write_csv

SMSC_KEYS = ["name", "address", "system_id", "password", "window", "rate", "source_address", "data_coding"]


class Usage(WorldTest):
    def test_wrong_usage_is_status_2_and_says_so_on_standard_error(self):
        for words in ([], ["nonsense"], ["card"], ["campaign"], ["sim"], ["card", "import"], ["card", "show"],
                      ["campaign", "create"], ["campaign", "run"], ["campaign", "status"], ["campaign", "report"],
                      ["card", "list", "--limit", "0"], ["card", "list", "--limit", "ten"], ["card", "list", "--what"],
                      ["campaign", "list", "--limit", "-1"], ["campaign", "report", "x", "--format", "xml"],
                      ["card", "show", "a", "b"], ["sim", "smsc"], ["sim", "card", "1"], ["demo", "--cards", "0"],
                      ["demo", "--cards", "many"], ["ota"], ["ota", "nonsense"], ["ef"],
                      ["ef", "encode", "SPN"], ["ef", "decode", "--length", "3"], ["card", "--data", "x", "list"],
                      ["--data"], ["sim", "smsc", "--cards", "x", "--window", "0"]):
            with self.subTest(words=words):
                outcome = run(*words, cwd=self.folder())
                self.assert_refused(outcome, status=2)
                self.assertNotEqual(outcome.err, "")

    def test_help_is_no_error(self):
        for words in (["--help"], ["card", "--help"], ["card", "import", "--help"], ["campaign", "create", "--help"]):
            with self.subTest(words=words):
                outcome = run(*words)
                self.assertEqual((outcome.status, outcome.err), (0, ""))
                self.assertIn("Usage", outcome.out)

    def test_help_names_every_command(self):
        said = run("--help").out + run("card", "--help").out + run("campaign", "--help").out + run("sim", "--help").out
        for name in ("init", "card", "campaign", "ota", "ef", "sim", "demo", "import", "show", "list", "create", "run",
                     "resume", "status", "report", "smsc", "--data"):
            self.assertRegex(said, rf"(?m)^\s+{name}\b")

    def test_every_command_wants_an_initialized_data_directory(self):
        folder = self.folder()
        write_csv(folder / "cards.csv", make_fleet(1))
        (folder / "c.toml").write_text(harness.campaign_text())
        for words in (["card", "import", "cards.csv"], ["card", "show", "1"], ["card", "list"],
                      ["campaign", "create", "c.toml"], ["campaign", "run", "1"], ["campaign", "resume", "1"],
                      ["campaign", "status", "1"], ["campaign", "list"], ["campaign", "report", "1"]):
            with self.subTest(words=words):
                self.assert_refused(run("--data", "nowhere", *words, cwd=folder), "nowhere", "init")
        self.assertFalse((folder / "nowhere").exists(), "a refused command must not make the directory")

    def test_the_default_data_directory(self):
        folder = self.folder()
        self.assertEqual(run("init", cwd=folder).status, 0)
        self.assertTrue((folder / "tessera-data" / "tessera.toml").exists())

    def test_results_that_cannot_be_written_are_an_error(self):
        world = self.world(make_fleet(2))
        shell = f'"{harness.program}" --data "{world.data}" card list --json > /dev/full'
        done = harness.subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


class Files(WorldTest):
    """tessera ef"""

    def test_one_value_on_the_command_line(self):
        for words, said in (
                (["encode", "SPN", '{"display": "Tessera", "flags": 1}'], harness.SPN_CONTENT),
                (["encode", "3F00/7F20/6F46", '{"display": "Tessera", "flags": 1}'], harness.SPN_CONTENT),
                (["encode", "ef.oplmnwact", '["26202:eutran,geran"]', "--length", "10"], "62f2204080ffffff0000"),
                (["decode", "EF_SPN", harness.SPN_CONTENT.upper()], '{"display":"Tessera","flags":1}'),
                (["decode", "ICCID", "988812010000400310f0"], '"8988211000000430010"'),
                (["decode", "SPN", harness.SPN_CONTENT, "--json"],
                 '{"file":"SPN","value":{"display":"Tessera","flags":1}}')):
            with self.subTest(words=words):
                outcome = run("ef", *words)
                self.assertEqual((outcome.status, outcome.out, outcome.err), (0, said + "\n", ""))

    def test_what_cannot_be_is_refused_with_its_place(self):
        for words, told in ((["encode", "SPN", '{"display": 5}'], "value.display: expected a text"),
                            (["encode", "SPN", "Tessera"], "VALUE: is no JSON"),
                            (["encode", "FPLMN", '["26202", "x"]'], "value[1]: expected a network"),
                            (["encode", "7f20/6f99", "1"], "file: nothing is known of 7f20/6f99"),
                            (["encode", "SPNX", "1"], "file: is no file"),
                            (["decode", "SPN", "01"], "content: SPN has 17 octets, not 1"),
                            (["decode", "SPN", "0x"], "content: not a hexadecimal digit")):
            with self.subTest(words=words):
                self.assert_refused(run("ef", *words), told)

    def test_lines_are_answered_in_their_place_and_the_bad_ones_do_not_stop_the_stream(self):
        lines = ['{"file":"SPN","value":{"display":"Tessera","flags":1}}', "{", "",
                 '{"file":"ACC","value":[99]}', '{"file":"FPLMN","value":[],"length":3}']
        outcome = run("ef", "encode", text_in="\n".join(lines))
        self.assertEqual((outcome.status, outcome.err), (1, ""))
        answers = outcome.json_lines()
        self.assertEqual(answers[0], {"file": "SPN", "content": harness.SPN_CONTENT})
        self.assertEqual([one["error"]["code"] for one in answers[1:4]], ["bad_json", "bad_json", "bad_value"])
        self.assertEqual(answers[3]["error"]["field"], "value[0]")
        self.assertEqual(answers[4], {"file": "FPLMN", "content": "ffffff"})
        back = run("ef", "decode", text_in=json.dumps(answers[0]) + "\n" + json.dumps(answers[4]))
        self.assertEqual((back.status, back.json_lines()[0]), (0, json.loads(lines[0])))
        self.assertEqual(back.json_lines()[1], {"file": "FPLMN", "value": []})

    def test_the_list_holds_examples_that_hold(self):
        rows = run("ef", "list", "--json").json_lines()
        self.assertGreater(len(rows), 40)
        values = [{"file": row["file"], "value": row["value"]} for row in rows]
        contents = [{"file": row["file"], "content": row["content"]} for row in rows]
        as_lines = lambda objects: "\n".join(map(json.dumps, objects))
        self.assertEqual(run("ef", "encode", text_in=as_lines(values)).json_lines(), contents)
        self.assertEqual(run("ef", "decode", text_in=as_lines(contents)).json_lines(), values)
        text = run("ef", "list").out
        for row in rows:
            self.assertRegex(text, rf"(?m)^{row['file']} .*{row['path']} ")
        self.assertRegex(text, r"(?m)^IMSI .*not written over the air.*keeps the card from the network")


class Init(WorldTest):
    def test_makes_everything_for_the_owner_alone(self):
        data = self.folder() / "deep" / "data"
        outcome = run("--data", data, "init")
        self.assertEqual(outcome.status, 0, outcome.err)
        self.assertIn(str(data), outcome.out)
        self.assertEqual(outcome.err, "")
        self.assertEqual(stat.S_IMODE((data / "master.key").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(data.stat().st_mode) & 0o077, 0)
        for name in ("tessera.toml", "tessera.db"):
            self.assertTrue((data / name).exists(), name)

    def test_explains_every_key(self):
        world = self.world()
        text = (world.data / "tessera.toml").read_text()
        for key in SMSC_KEYS:
            self.assertRegex(text, rf"(?m)^{key} = ")
        bare = [line for line in text.splitlines() if re.match(r"\w+ = ", line) and "#" not in line]
        explained_above = {"session", "workers", "name", "source_ton", "source_npi", "destination_ton",
                           "destination_npi", "enquire_link_interval", "reconnect_delay_min", "reconnect_delay_max",
                           "tls_key", "test_cards", "test_tag", "sends_per_hour"}
        self.assertLessEqual({line.split(" =")[0] for line in bare}, explained_above)

    def test_a_second_init_changes_nothing(self):
        world = self.world(make_fleet(3))
        (world.data / "tessera.toml").write_text("# mine\n")
        before = {name: (world.data / name).read_bytes() for name in ("tessera.toml", "master.key")}
        outcome = world.must("init")
        self.assertIn("nothing changed", outcome.out)
        self.assertEqual(before, {name: (world.data / name).read_bytes() for name in before})
        self.assertEqual(len(world.must("card", "list", "--json").json_lines()), 3)

    def test_completes_what_is_missing_around_a_configuration(self):
        data = self.folder()
        (data / "tessera.toml").write_text("[[smsc]]\n")
        self.assertEqual(run("--data", data, "init").status, 0)
        self.assertEqual((data / "tessera.toml").read_text(), "[[smsc]]\n")
        self.assertEqual(run("--data", data, "card", "list").status, 0)

    def test_a_lost_master_key_is_not_replaced(self):
        world = self.world(make_fleet(1))
        (world.data / "master.key").unlink()
        self.assert_refused(world.run("init"), "master.key")
        self.assertFalse((world.data / "master.key").exists())

    def test_master_keys_that_will_not_do(self):
        world = self.world(make_fleet(1))
        key = world.data / "master.key"
        good = key.read_text()
        for text, said in (("00" * 32 + "\n", "master key"), ("", "64 hexadecimal"), (good[:20], "64 hexadecimal"),
                           (good.strip() + "00\n", "64 hexadecimal"), ("z" * 64, "64 hexadecimal")):
            key.write_text(text)
            self.assert_refused(world.run("card", "list"), "master.key", said)
        key.write_text(good)
        key.chmod(0o644)
        self.assert_refused(world.run("card", "list"), "master.key", "0600")
        key.chmod(0o600)
        self.assertEqual(world.run("card", "list").status, 0)


class Configuration(WorldTest):
    def test_a_lone_smsc_an_empty_and_a_missing_file_are_valid(self):
        world = self.world()
        for text in ("[[smsc]]\n", "", '[[smsc]]\nname = "other"\n', '[telecom]\nsession = "persistent"\n'):
            (world.data / "tessera.toml").write_text(text)
            self.assertEqual(world.run("card", "list").status, 0, text)
        (world.data / "tessera.toml").unlink()
        self.assertEqual(world.run("card", "list").status, 0)

    def test_every_mistake_is_told_with_its_line(self):
        world = self.world()
        file = world.data / "tessera.toml"
        file.write_text('[telecom]\nsession = "never"\n[[smsc]]\nwindow = 0\nadress = "x"\naddress = "host"\n'
                        'data_coding = 256\n[[smsc]]\nenquire_link_interval = 30\n[servers]\n')
        outcome = world.run("card", "list")
        lines = [2, 4, 5, 6, 7, 9, 10]
        self.assert_refused(outcome, *(f"{file}:{line}: " for line in lines))
        self.assertIn('"adress"', outcome.err)

    def test_two_smscs_of_one_name_are_refused(self):
        world = self.world()
        (world.data / "tessera.toml").write_text("[[smsc]]\n[[smsc]]\n")
        self.assert_refused(world.run("card", "list"), "tessera.toml:2", "main")


class Import(WorldTest):
    def test_counts_and_json(self):
        world = self.world()
        file = write_csv(world.folder / "a.csv", make_fleet(12))
        said = world.must("card", "import", file, "--json")
        self.assertEqual(said.json(), {"rows": 12, "cards_added": 12, "key_sets_added": 12, "tags_added": 0, "variables_added": 0,
                                       "unchanged": 0, "rejected": 0, "rejects_file": None, "problems": []})
        again = world.must("card", "import", file, "--json").json()
        self.assertEqual((again["unchanged"], again["cards_added"], again["key_sets_added"]), (12, 0, 0))

    def test_a_second_import_changes_nothing(self):
        world = self.world(make_fleet(6))
        iccid = world.fleet[0].iccid
        before = world.must("card", "list", "--json").out, world.must("card", "show", iccid, "--json").out
        world.must("card", "import", world.csv)
        self.assertEqual(before, (world.must("card", "list", "--json").out,
                                  world.must("card", "show", iccid, "--json").out))

    def test_bad_rows_go_into_a_file_of_their_own_and_the_others_go_on(self):
        world = self.world()
        good = make_fleet(6)
        spoilt = [card.row().split(",") for card in make_fleet(16)[6:]]
        changes = [(0, "8949001000000000001", "iccid"), (0, "12", "iccid"), (1, "00101x", "imsi"), (2, "01", "msisdn"),
                   (4, "16", "kvn"), (5, "aes", "kic_algorithm"), (6, "00", "kic_key"), (8, "zz", "kid_key"),
                   (9, "00000000001", "counter"), (9, "xyz", "counter")]
        for row, (column, value, _) in zip(spoilt, changes, strict=True):
            row[column] = value
        rows = [good[0].row()] + [",".join(row) for row in spoilt] + ["1,2,3"] + [card.row() for card in good[1:]]
        file = write_csv(world.folder / "mixed.csv", rows)
        outcome = world.must("card", "import", file, "--json")
        report = outcome.json()
        self.assertEqual((report["rows"], report["cards_added"], report["rejected"]), (17, 6, 11))
        told = [(one["line"], one["field"]) for one in report["problems"]]
        self.assertEqual(told[:10], [(3 + i, field) for i, (_, _, field) in enumerate(changes)])
        self.assertEqual(told[10][0], 13)
        for line, field in told:
            self.assertIn(f"mixed.csv:{line} {field}: ", outcome.err)
        self.check_rejects(world, world.folder / "mixed.rejects.csv", report)

    def check_rejects(self, world, rejects, report):
        self.assertEqual(report["rejects_file"], str(rejects))
        self.assertEqual(stat.S_IMODE(rejects.stat().st_mode), 0o600)
        lines = rejects.read_text().splitlines()
        self.assertEqual(lines[0], HEADER + ",line,field,reason")
        self.assertEqual(len(lines), 1 + report["rejected"])
        refused = world.run("card", "import", rejects, "--json")
        self.assertEqual(refused.status, 1, "nothing of it could be taken")
        again = refused.json()
        self.assertEqual((again["rows"], again["rejected"], again["cards_added"]), (11, 11, 0))

    def test_tags_by_column_and_by_hand(self):
        world = self.world()
        fleet = make_fleet(4)
        file = world.folder / "tags.csv"
        file.write_text("\n".join([HEADER + ",tags"] + [card.row() + tags for card, tags in
                                                       zip(fleet, (",pilot;night", ",pilot", ",", ","), strict=True)]))
        self.assertEqual(world.must("card", "import", file, "--json").json()["tags_added"], 3)
        self.assertEqual(world.must("card", "import", file, "--json").json()["unchanged"], 4)
        tags = lambda card: world.must("card", "show", card.iccid, "--json").json()["tags"]
        self.assertEqual([tags(card) for card in fleet], [["night", "pilot"], ["pilot"], [], []])
        said = world.must("card", "tag", fleet[0].iccid, fleet[2].imsi, "--add", "vip", "--add", "a.b-c_1", "--remove",
                          "pilot", "--json")
        self.assertEqual(said.json(), {"cards": 2, "added": 4, "removed": 1})
        self.assertEqual([tags(card) for card in fleet], [["a.b-c_1", "night", "vip"], ["pilot"], ["a.b-c_1", "vip"], []])
        self.assertIn("a.b-c_1 night vip", world.must("card", "show", fleet[0].iccid).out)

    def test_tags_that_are_none_change_nothing(self):
        world = self.world(make_fleet(2))
        iccid = world.fleet[0].iccid
        self.assert_refused(world.run("card", "tag", iccid, "8949001999999999999", "--add", "vip"),
                            "8949001999999999999")
        self.assert_refused(world.run("card", "tag", iccid, "--add", "VIP"), "--add", "a-z")
        self.assert_refused(world.run("card", "tag", iccid), "--add")
        self.assert_refused(world.run("card", "tag", iccid, *(f"--add=t{i}" for i in range(33))), "more than 32")
        self.assertEqual(world.must("card", "show", iccid, "--json").json()["tags"], [])

    def test_strict_refuses_the_whole_file(self):
        world = self.world()
        file = write_csv(world.folder / "s.csv", [*make_fleet(5), "1,2,3"])
        self.assert_refused(world.run("card", "import", file, "--strict"), "s.csv:7", "nothing was imported")
        self.assertEqual(world.must("card", "list").out, "")
        self.assertFalse((world.folder / "s.rejects.csv").exists())
        write_csv(file, make_fleet(5))
        self.assertIn("5 cards", world.must("card", "import", file, "--strict").out)

    def test_the_columns_value_wins_over_the_option(self):
        world = self.world()
        cards = make_fleet(2, profile="from-column")
        file = write_csv(world.folder / "p.csv", [cards[0], cards[1].row().replace("from-column", "")])
        self.assertEqual(world.must("card", "import", file, "--json").json()["rejected"], 1)
        world.must("card", "import", file, "--profile", "from-option")
        profiles = [card["profile"] for card in world.must("card", "list", "--json").json_lines()]
        self.assertEqual(profiles, ["from-column", "from-option"])

    def test_several_key_sets_of_one_card(self):
        world = self.world()
        card = make_fleet(1)[0]
        second = card.row().replace(f",1,{card.algorithm},", f",2,{card.algorithm},")
        report = world.must("card", "import", write_csv(world.folder / "k.csv", [card, second]), "--json").json()
        self.assertEqual((report["cards_added"], report["key_sets_added"]), (1, 2))
        shown = world.must("card", "show", card.iccid, "--json").json()
        self.assertEqual([one["kvn"] for one in shown["key_sets"]], [1, 2])

    def test_rows_that_contradict_the_registry_are_refused(self):
        world = self.world(make_fleet(2, algorithm="aes128"))
        first, second = world.fleet
        rows = [first._replace(kic="00" * 16), first._replace(imsi=second.imsi), first._replace(msisdn="4912345"),
                make_card(77, random.Random(5))._replace(imsi=first.imsi)]
        outcome = world.run("card", "import", write_csv(world.folder / "c.csv", rows), "--json")
        self.assertEqual(outcome.status, 1, "every row was refused")
        fields = [one["field"] for one in outcome.json()["problems"]]
        self.assertEqual(fields, ["kvn", "imsi", "msisdn", "imsi"])

    def test_windows_line_ends_and_a_byte_order_mark(self):
        world = self.world()
        file = write_csv(world.folder / "w.csv", make_fleet(3))
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(world.must("card", "import", file, "--json").json()["cards_added"], 3)


class Registry(WorldTest):
    def test_show_by_every_name(self):
        world = self.world(make_fleet(7))
        card = world.fleet[4]
        shown = [world.must("card", "show", name, "--json").json()
                 for name in (card.iccid, card.imsi, card.msisdn, "+" + card.msisdn)]
        self.assertTrue(all(one == shown[0] for one in shown))
        one = shown[0]
        self.assertEqual([one[key] for key in ("iccid", "imsi", "msisdn", "profile")],
                         [card.iccid, card.imsi, card.msisdn, card.profile])
        self.assertEqual(one["key_sets"], [{"kvn": 1, "kic_algorithm": card.algorithm, "kid_algorithm": card.algorithm,
                                            "tar": None, "counter_scope": "application",
                                            "initial_counter": "0000000000", "state": None,
                                            "counters": []}])
        self.assertEqual((one["image"], one["history"][0]["event"]), ([], "imported"))
        self.assertIn(card.iccid, world.must("card", "show", card.imsi).out)

    def test_an_unknown_card(self):
        world = self.world(make_fleet(1))
        for name in ("8949001000000000001", "", "x" * 10000, "🂡"):
            self.assert_refused(world.run("card", "show", name), "no card")

    def test_pages_by_cursor_give_every_card_once(self):
        world = self.world(make_fleet(23))
        whole = world.must("card", "list", "--json").json_lines()
        self.assertEqual([one["iccid"] for one in whole], [card.iccid for card in world.fleet])
        pages, cursor = [], []
        while page := world.must("card", "list", "--limit", "5", *cursor, "--json").json_lines():
            self.assertLessEqual(len(page), 5)
            pages += page
            cursor = ["--after", page[-1]["cursor"]]
        self.assertEqual(pages, whole)

    def test_the_list_as_text_tells_the_next_cursor(self):
        world = self.world(make_fleet(3))
        first = world.must("card", "list", "--limit", "2")
        self.assertEqual(len(first.out.splitlines()), 2)
        cursor = re.search(r"--after (\S+)", first.err).group(1)
        rest = world.must("card", "list", "--limit", "2", "--after", cursor)
        self.assertEqual((rest.out.split()[0], rest.err), (world.fleet[2].iccid, ""))

    def test_the_list_of_one_profile(self):
        world = self.world(make_fleet(12))
        listed = world.must("card", "list", "--profile", "p-aes192", "--json").json_lines()
        self.assertEqual([one["iccid"] for one in listed],
                         [card.iccid for card in world.fleet if card.algorithm == "aes192"])
        self.assertEqual(world.must("card", "list", "--profile", "nobody", "--json").out, "")

    def test_a_bad_cursor(self):
        world = self.world(make_fleet(1))
        for cursor in ("x", "1x", "99999999999999999999", "-"):
            self.assert_refused(world.run("card", "list", f"--after={cursor}"), "--after")


class KeysStaySecret(WorldTest):
    def test_no_output_and_no_file_but_the_rejects_holds_a_key(self):
        world = self.world(make_fleet(6))
        wrong = world.fleet[0]._replace(kic=world.fleet[1].kic, imsi=world.fleet[1].imsi)
        short = world.fleet[2].row()[:-12]
        file = write_csv(world.folder / "again.csv", [*world.fleet, wrong, short])
        campaign = world.create(harness.campaign_text())
        said = [world.run("card", "import", file), world.run("card", "import", file, "--json"),
                world.run("card", "import", file, "--strict"), world.run("card", "list"),
                world.run("card", "list", "--json"), world.run("campaign", "status", campaign, "--json"),
                world.run("campaign", "report", campaign)]
        for card in world.fleet:
            said += [world.run("card", "show", card.iccid), world.run("card", "show", card.iccid, "--json")]
        text = "".join(one.out + one.err for one in said).lower()
        files = [path for path in world.data.iterdir() if path.name != "master.key"]
        stored = b"".join(path.read_bytes() for path in files)
        master = (world.data / "master.key").read_text().strip()
        for key in [master] + [key for card in world.fleet for key in (card.kic, card.kid)]:
            self.assertNotIn(key, text)
            self.assertNotIn(bytes.fromhex(key), stored)
            self.assertNotIn(key.encode(), stored.lower())


class WithoutDataDirectory(WorldTest):
    def test_ota_and_sim_leave_no_data_directory(self):
        folder = self.folder()
        line = {"spi": "0000", "kic": "00", "kid": "00", "tar": "b00010", "cntr": "0000000001", "apdu": "a0a40000023f00"}
        encoded = run("ota", "encode", cwd=folder, text_in=json.dumps(line) + "\n")
        self.assertEqual(encoded.status, 0, encoded.err)
        self.assertIn("packet", encoded.json())
        bad = run("ota", "encode", cwd=folder, text_in="nonsense\n" + json.dumps(line) + "\n")
        self.assertEqual(bad.status, 1)
        self.assertEqual([sorted(one)[0] for one in bad.json_lines()], ["error", "packet"])
        simulator = harness.Simulator(folder, write_csv(folder / "c.csv", make_fleet(2)))
        iccid = make_fleet(2)[0].iccid
        read = run("sim", "card", iccid, "--smsc", simulator.address, "--file", SPN, cwd=folder)
        self.assertEqual(simulator.close(), 0)
        self.assertEqual(read.json(), {"iccid": iccid, "file": SPN, "content": "ff" * 17, "executed": 0,
                                       "counter": "0000000000"})
        self.assertFalse((folder / "tessera-data").exists())

    def test_sim_card_refuses_clearly(self):
        folder = self.folder()
        simulator = harness.Simulator(folder, write_csv(folder / "c.csv", make_fleet(1)))
        self.addCleanup(simulator.close)
        iccid = make_fleet(1)[0].iccid
        at = ["--smsc", simulator.address, "--file"]
        self.assert_refused(run("sim", "card", "8949001000000000001", *at, SPN), "card")
        self.assert_refused(run("sim", "card", iccid, *at, "7f20/ffff"), "file")
        self.assert_refused(run("sim", "card", iccid, *at, "7f20"), "file")
        self.assert_refused(run("sim", "card", iccid, "--smsc", "127.0.0.1:1", "--file", SPN), "127.0.0.1:1")
        self.assert_refused(run("sim", "card", iccid, "--smsc", "nonsense", "--file", SPN), "HOST:PORT")


class Numbers(WorldTest):
    def test_numbers_move_and_a_card_takes_anothers_place(self):
        world = self.world(make_fleet(4))
        first, second, third, _ = world.fleet
        world.must("card", "msisdn", first.iccid, "+491710000001")
        self.assertEqual(world.must("card", "show", first.iccid, "--json").json()["msisdn"], "491710000001")
        self.assert_refused(world.run("card", "msisdn", second.iccid, "491710000001"), first.iccid)
        made = world.must("card", "msisdn", second.iccid, "--none", "--json").json()
        self.assertEqual(made["changed"], [{"iccid": second.iccid, "before": second.msisdn, "msisdn": None}])
        world.must("card", "swap", first.iccid, second.iccid)
        self.assertEqual(world.must("card", "show", "491710000001", "--json").json()["iccid"], second.iccid)
        self.assert_refused(world.run("card", "swap", first.iccid, third.iccid), "no MSISDN")
        changes = world.folder / "changes.csv"
        changes.write_text(f"iccid,msisdn\n{second.iccid},{third.msisdn}\n{third.iccid},491710000001\n")
        world.must("card", "msisdn", "--file", changes)
        self.assertEqual(world.must("card", "show", third.iccid, "--json").json()["msisdn"], "491710000001")
        changes.write_text("iccid,msisdn\n1,2\n")
        self.assert_refused(world.run("card", "msisdn", "--file", changes), f"{changes}:2")
        history = world.must("card", "show", first.iccid, "--json").json()["history"]
        self.assertIn("msisdn 491710000001 to none", [line.get("what") for line in history])


if __name__ == "__main__":
    harness.main()
