"""Files and places that will not do: a clear error and status 1, never a crash."""

import random
import resource
import socket
import sqlite3

import harness
from harness import HEADER, SPN, WorldTest, campaign_text, make_fleet, run, write_csv

GARBAGE = {"empty": b"", "zeros": bytes(5000), "newlines": b"\n" * 5000, "binary": random.Random(7).randbytes(100_000),
           "one huge line": b"a" * 3_000_000, "quotes": b'"' * 9999, "commas": b"," * 9999, "half a letter": b"\xc3",
           "latin": "näme = \"ü\"\n".encode("latin-1"), "brackets": b"[" * 100_000, "mark": b"\xef\xbb\xbf",
           "utf-16": "iccid,imsi".encode("utf-16"), "deep": b"a = " + b"[" * 50_000 + b"]" * 50_000,
           "dots": b".".join([b"a"] * 50_000) + b" = 1\n", "tables": b"a = " + b"{a=" * 20_000 + b"1" + b"}" * 20_000}


def unusable(folder):
    """Paths that are no readable file."""
    (folder / "directory").mkdir(exist_ok=True)
    (folder / "loop").unlink(missing_ok=True)
    (folder / "loop").symlink_to(folder / "loop")
    return [folder / "absent.x", folder / "directory", folder / "loop", folder / "no" / "such", "", "x" * 5000, "a\nb"]


class Files(WorldTest):
    def reading(self, world):
        return [["card", "import"], ["campaign", "create"], ["sim", "smsc", "--listen", "127.0.0.1:0", "--cards"],
                ["sim", "smsc", "--listen", "127.0.0.1:0", "--cards", world.csv, "--faults"]]

    def test_garbage_in_every_file_that_is_read(self):
        world = self.world(make_fleet(1))
        file = world.folder / "garbage"
        for words in self.reading(world):
            for name, octets in GARBAGE.items():
                if words[-1] == "--faults" and octets.strip() in (b"", b"\xef\xbb\xbf"):
                    continue  # no faults at all
                with self.subTest(words=words, garbage=name):
                    file.write_bytes(octets)
                    self.assert_refused(world.run(*words, file), str(file))

    def test_paths_that_are_no_file(self):
        world = self.world(make_fleet(1))
        for words in self.reading(world):
            for path in unusable(world.folder):
                if words[-1] == "--faults" and path == "":
                    continue  # no faults at all
                with self.subTest(words=words, path=str(path)[:60]):
                    outcome = world.run(*words, path)
                    self.assert_refused(outcome)
                    self.assertNotEqual(outcome.err.strip(), "")

    def test_garbage_for_a_configuration(self):
        world = self.world(make_fleet(1))
        for name, octets in GARBAGE.items():
            if octets.strip() in (b"", b"\xef\xbb\xbf"):
                continue  # all defaults
            with self.subTest(garbage=name):
                (world.data / "tessera.toml").write_bytes(octets)
                self.assert_refused(world.run("card", "list"), "tessera.toml:")

    def test_rows_of_garbage_are_rejected_one_by_one(self):
        world = self.world()
        good = make_fleet(2)
        file = write_csv(world.folder / "rows.csv", [good[0]])
        with file.open("ab") as rows:
            rows.write(b"\xff\xfe\x00,,,\n" + b"a" * 2_000_000 + b"\n" + b'"' + b"\n," * 10 + b'"\n\n')
            rows.write(good[1].row().encode() + b"\n")
        outcome = world.must("card", "import", file, "--json")
        self.assert_no_crash(outcome)
        self.assertGreaterEqual(outcome.json()["rejected"], 3)
        listed = [card["iccid"] for card in world.must("card", "list", "--json").json_lines()]
        self.assertEqual(listed, [card.iccid for card in good])

    def test_headers(self):
        world = self.world()
        file = world.folder / "h.csv"
        for header, said in ((HEADER.replace(",imsi", ""), "imsi"), (HEADER + ",colour", "colour"),
                             (HEADER + ",imsi", "twice"), (HEADER.upper(), "known")):
            file.write_text(header + "\n" + make_fleet(1)[0].row() + "\n")
            self.assert_refused(world.run("card", "import", file), f"{file}:1", said)
        file.write_text(HEADER)
        self.assertEqual(world.must("card", "import", file, "--json").json()["rows"], 0)

    def test_campaign_values_of_every_wrong_type(self):
        world = self.world(make_fleet(1))
        file = world.folder / "types.toml"
        good = campaign_text()
        for key in ("name", "all", "tar", "spi", "file", "content", "smsc", "por_timeout", "attempts"):
            for value in ("1", "-1", "1e400", "nan", "[]", "{}", "[[]]", "1979-05-27", '""', "'''\n'''", "99999999999999",
                          '"\\u0000"', '"-5s"', '"99999999999999999999h"', '"🂡"'):
                lines = [f"{key} = {value}" if line.startswith(key + " = ") else line for line in good.splitlines()]
                file.write_text("\n".join(lines) + "\n")
                outcome = world.run("campaign", "create", file)
                self.assert_no_crash(outcome)
                allowed = (key, value) in (("attempts", "1"),) or key == "name" and value in ('"🂡"', '"-5s"', '"99999999999999999999h"')
                if not allowed:
                    self.assertEqual((outcome.status, outcome.out), (1, ""), f"{key} = {value}")


class Places(WorldTest):
    def test_data_directories_that_cannot_be(self):
        folder = self.folder()
        (folder / "file").write_text("x")
        for path in (folder / "file", folder / "file" / "below", "/proc/nothing", "/dev/null", "", "x" * 5000,
                     folder / ("x" * 300)):
            for words in (["init"], ["card", "list"], ["demo", "--cards", "5"]):
                with self.subTest(path=str(path)[:60], words=words):
                    outcome = run("--data", path, *words, cwd=folder)
                    self.assert_no_crash(outcome)
                    self.assertIn(outcome.status, (1, 2) if path == "" else (1,), outcome)
                    self.assertEqual(outcome.out, "")
                    self.assertNotEqual(outcome.err.strip(), "")

    def test_directories_where_files_should_be(self):
        for name in ("tessera.toml", "tessera.db", "master.key", "tessera.lock"):
            # Who only looks needs no lock.
            other = ["card", "read", "1", "--file", "SPN"] if name == "tessera.lock" else ["card", "list"]
            for words in (["init"], other):
                with self.subTest(name=name, words=words):
                    data = self.folder()
                    run("--data", data, "init")
                    (data / name).unlink()
                    (data / name).mkdir()
                    self.assert_refused(run("--data", data, *words), name)

    def test_databases_that_are_none(self):
        for name, octets in (("garbage", random.Random(3).randbytes(50_000)), ("text", b"hello, world\n" * 999)):
            with self.subTest(name=name):
                world = self.world(make_fleet(1))
                (world.data / "tessera.db").write_bytes(octets)
                for words in (["init"], ["card", "list"], ["campaign", "list"]):
                    self.assert_refused(world.run(*words), "tessera.db")

    def test_a_database_that_was_lost_is_not_taken_for_a_new_one(self):
        world = self.world(make_fleet(1))
        (world.data / "tessera.db").write_bytes(b"")
        self.assert_refused(world.run("card", "list"), "tessera.db")
        (world.data / "tessera.db").unlink()
        self.assert_refused(world.run("card", "list"), "tessera.db")
        world.must("init")
        self.assertEqual(world.must("card", "list").out, "")

    def test_a_database_of_a_newer_program(self):
        world = self.world()
        with sqlite3.connect(world.data / "tessera.db") as database:
            database.execute("INSERT INTO schema_migration VALUES (9999, 'x', 0)")
        self.assert_refused(world.run("card", "list"), "9999")

    def test_a_data_directory_of_another_database(self):
        one, other = self.world(make_fleet(1)), self.world(make_fleet(1))
        (one.data / "tessera.db").write_bytes((other.data / "tessera.db").read_bytes())
        self.assert_refused(one.run("card", "list"), "master key")

    def test_no_room_for_what_is_written(self):
        world = self.world()
        file = write_csv(world.folder / "many.csv", make_fleet(3000))
        def narrow():
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        outcome = run("--data", world.data, "card", "import", file, preexec=narrow)
        self.assert_refused(outcome)
        self.assertEqual(world.must("card", "list").out, "")
        self.assertEqual(world.must("card", "import", file, "--json").json()["cards_added"], 3000)

    @staticmethod
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))

    def test_too_few_file_descriptors(self):
        world = self.world(make_fleet(1))
        for words in (["init"], ["card", "list"], ["card", "import", world.csv]):
            self.assert_refused(run("--data", world.data, *words, preexec=self.few_files))


class Peers(WorldTest):
    def test_listening_where_one_cannot(self):
        folder = self.folder()
        cards = write_csv(folder / "c.csv", make_fleet(1))
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        for address in (f"127.0.0.1:{taken.getsockname()[1]}", "nonsense", "127.0.0.1", "127.0.0.1:99999", ":", "",
                        "192.0.2.1:0", "127.0.0.1:-1", "127.0.0.1:1x"):
            with self.subTest(address=address):
                outcome = run("sim", "smsc", "--listen", address, "--cards", cards)
                self.assert_refused(outcome, status=outcome.status)
                self.assertIn(outcome.status, (1, 2))

    def test_a_simulator_that_is_none(self):
        for answer in (b"", b"hello\n", b"{}\n", b"[]\n", b"\x00" * 50, b"{" * 5000):
            with self.subTest(answer=answer[:10]), socket.create_server(("127.0.0.1", 0)) as server:
                address = f"127.0.0.1:{server.getsockname()[1]}"
                asking = harness.Running(self.folder(), "sim", "card", "1", "--smsc", address, "--file", SPN)
                self.addCleanup(asking.close)
                peer, _ = server.accept()
                peer.recv(100)
                peer.sendall(answer)
                peer.close()
                self.assertEqual(asking.wait(), 1, asking.stdout())
                self.assertEqual(asking.stdout(), "")
                self.assertIn(address, asking.stderr())

    def test_lines_of_ota_that_are_none(self):
        text = "\n".join(["", "{}", "[]", "null", "{" * 2000, "[" * 200_000, "\x00", '{"spi": 5}', "x" * 2_000_000]) + "\n"
        for verb in ("encode", "decode-command", "decode-response", "segment", "reassemble"):
            outcome = run("ota", verb, text_in=text)
            self.assert_no_crash(outcome)
            self.assertEqual(outcome.status, 1, verb)
            self.assertTrue(all("error" in one for one in outcome.json_lines()), verb)


if __name__ == "__main__":
    harness.main()
