"""Card vendors' files under transport keys, as an operator and two custodians meet them."""

import os
import stat
import subprocess
from pathlib import Path

import harness
from harness import PATIENCE_SECONDS, WorldTest

PROJECT = Path(__file__).resolve().parents[2]
OUTPUT_FILE = PROJECT / "tests/vendor_files/output_file.out"
MAPPING = PROJECT / "share/mappings/output_file.toml"
FIRST, FIRST_KCV = "00112233445566778899aabbccddeeff", "fb0975"
SECOND, SECOND_KCV = "01326754cdfeab9876451023ba89dcef", "aba38b"


class Vendor(WorldTest):
    def component(self, world, text):
        path = world.folder / "component"
        path.write_text(text)
        path.chmod(0o600)
        return path

    def with_transport_key(self):
        world = self.world()
        world.must("transport-key", "add", "vendor", "--algorithm", "3des2", "--custodian", "ada", "--kcv", FIRST_KCV,
                   "--component-file", self.component(world, FIRST))
        # The second brings the check value in the line behind the component, over a descriptor.
        reading, writing = os.pipe()
        os.write(writing, f"{SECOND[:16]} {SECOND[16:]}\n{SECOND_KCV}\n".encode())
        os.close(writing)
        done = subprocess.run([harness.program, "--data", world.data, "transport-key", "add", "vendor", "--custodian",
                               "bob", "--component-fd", str(reading)], pass_fds=[reading], capture_output=True,
                              text=True, timeout=PATIENCE_SECONDS)
        os.close(reading)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return world

    def test_two_custodians_and_what_status_shows(self):
        world = self.with_transport_key()
        shown = world.must("transport-key", "status", "vendor", "--json").json()
        self.assertEqual((shown["complete"], shown["kcv"], shown["algorithm"]), (True, "08d7b4", "3des2"))
        self.assertEqual([(one["custodian"], one["kcv"]) for one in shown["components"]],
                         [("ada", FIRST_KCV), ("bob", SECOND_KCV)])
        text = world.must("transport-key", "status").out
        self.assertIn("ada", text)
        for secret in (FIRST, SECOND, "0123456789abcdeffedcba9876543210"):
            self.assertNotIn(secret, text)
            self.assertNotIn(bytes.fromhex(secret), (world.data / "tessera.db").read_bytes())
        world.must("transport-key", "remove", "vendor")
        self.assertEqual(world.must("transport-key", "status").out, "")

    def test_a_mistyped_component_is_refused(self):
        world = self.world()
        add = ["transport-key", "add", "vendor", "--algorithm", "3des2"]
        wrong = world.run(*add, "--kcv", "fb0976", "--component-file", self.component(world, FIRST))
        self.assert_refused(wrong, "kcv")
        self.assertNotIn(FIRST[:8], wrong.err)
        self.assert_refused(world.run(*add, "--component-file", self.component(world, FIRST)), "key check value")
        self.assert_refused(world.run(*add, "--kcv", "00", "--component-file", self.component(world, "xyz")), "component")
        self.assert_refused(world.run(*add, "--kcv", "00", "--component-file", world.folder / "none"), "none")
        first = world.must(*add, "--kcv", FIRST_KCV, "--component-file", self.component(world, FIRST))
        self.assertIn("1 of 2", first.out)
        again = world.run(*add, "--kcv", SECOND_KCV, "--component-file", self.component(world, SECOND))
        self.assert_refused(again, "custodian")

    def test_a_vendor_s_file_is_imported(self):
        world = self.with_transport_key()
        done = world.must("card", "import", OUTPUT_FILE, "--mapping", MAPPING, "--transport-key", "vendor", "--json").json()
        self.assertEqual((done["cards_added"], done["key_sets_added"], done["rejected"]), (3, 6, 0))
        card = world.must("card", "show", "8949000000000000018", "--json").json()
        self.assertEqual([(one["kvn"], one["tar"]) for one in card["key_sets"]], [(1, None), (2, "b00011")])
        self.assertNotIn(bytes.fromhex("404142434445464748494a4b4c4d4e4f"), (world.data / "tessera.db").read_bytes())

    def test_a_wrong_check_value_refuses_its_row(self):
        world = self.with_transport_key()
        bad = world.folder / "bad.out"
        bad.write_text(OUTPUT_FILE.read_text().replace("B2EFCB", "B2EFCC"))
        words = ["card", "import", bad, "--mapping", MAPPING, "--transport-key", "vendor"]
        self.assert_refused(world.run(*words, "--strict"), "bad.out:12 kic_key", "key check value")
        self.assertEqual(world.must("card", "list").out, "")
        done = world.must(*words)
        self.assertIn("bad.out:12 kic_key", done.err)
        rejects = world.folder / "bad.rejects.csv"
        self.assertEqual(stat.S_IMODE(rejects.stat().st_mode), 0o600)
        self.assertIn(",12,kic_key,", rejects.read_text())
        self.assertNotIn("80818283", rejects.read_text() + done.err)

    def test_what_is_missing_is_named(self):
        world = self.with_transport_key()
        words = ["card", "import", OUTPUT_FILE, "--mapping", MAPPING]
        self.assert_refused(world.run(*words), "transport_key", "name it")
        self.assert_refused(world.run(*words, "--transport-key", "nobody"), "nobody")
        mapping = world.folder / "mapping.toml"
        mapping.write_text(MAPPING.read_text().replace('transport = "3des-ecb"', 'transport = "rot13"'))
        self.assert_refused(world.run("card", "import", OUTPUT_FILE, "--mapping", mapping), "mapping.toml:32", "3des-ecb")

    def test_refused_rows_of_standard_input_go_to_the_working_directory(self):
        world = self.world()
        text = harness.HEADER + '\n8949000000000000019,,,"x\n8949000000000000018,,,telco,,,,,,\n'
        done = subprocess.run([harness.program, "--data", world.data, "card", "import", "/dev/stdin"], input=text,
                              cwd=world.folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 cards", done.stdout)
        self.assertIn("stdin.rejects.csv", done.stdout)
        self.assertIn("the quote opened in line 2", (world.folder / "stdin.rejects.csv").read_text())


if __name__ == "__main__":
    harness.main()
