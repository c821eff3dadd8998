"""The catalogue of profiles, as an operator meets it."""

import harness
from harness import WorldTest, make_fleet

CATALOGUE = """[[profile]]
name = "telco"
tars = {uicc = "b00000", usim = "b00011"}
minimum_spi = "1639"
algorithms = ["aes128", "aes256"]
parts_max = 4
quirks = ["replay_06"]

[[profile.batch]]
name = "2019"
iccid_range = ["8900000000000000000", "8900000000000000009"]
quirks = {select = "by_fid"}
"""


class Profiles(WorldTest):
    def catalogued(self, text=CATALOGUE):
        world = self.world(make_fleet(3, profile="telco", algorithm="aes128"))
        (world.folder / "profiles.toml").write_text(text)
        world.must("profile", "import", world.folder / "profiles.toml")
        return world

    def test_import_list_and_show(self):
        world = self.catalogued()
        again = world.must("profile", "import", world.folder / "profiles.toml", "--json").json()
        self.assertEqual(again, {"profiles": 1, "added": 0, "changed": 0, "unchanged": 1})
        shown = world.must("profile", "show", "telco", "--json").json()
        self.assertEqual(shown["tars"], {"uicc": "b00000", "usim": "b00011"})
        self.assertEqual(shown["minimum_security"],
                         {"spi": "1639", "ciphering": True, "integrity": "cc", "counter": "higher",
                          "por_ciphering": True, "por_integrity": "cc"})
        self.assertEqual(shown["batches"][0]["quirks"], {"select": "by_fid"})
        self.assertEqual([one["name"] for one in world.must("profile", "list", "--json").json_lines()], ["telco"])
        self.assertIn("usim b00011", world.must("profile", "list").out)
        # What show prints can be imported.
        (world.folder / "shown.toml").write_text(world.must("profile", "show", "telco").out)
        self.assertEqual(world.must("profile", "import", world.folder / "shown.toml", "--json").json()["unchanged"], 1)
        self.assert_refused(world.run("profile", "show", "nobody"), "nobody")

    def test_a_mistake_is_told_with_its_line_and_nothing_is_imported(self):
        world = self.world()
        text = CATALOGUE.replace('["replay_06"]', '["sings"]').replace("parts_max = 4", "parts_max = 99")
        (world.folder / "bad.toml").write_text(text)
        refused = world.run("profile", "import", world.folder / "bad.toml")
        self.assert_refused(refused, "bad.toml:6: parts_max", "bad.toml:7: quirks: unknown quirk \"sings\"")
        self.assertEqual(world.must("profile", "list").out, "")
        self.assert_refused(world.run("profile", "import", world.folder / "nowhere.toml"), "nowhere.toml")

    def test_a_campaign_below_the_minimum_is_refused_by_create_and_preview(self):
        world = self.catalogued()
        (world.folder / "weak.toml").write_text(harness.campaign_text(spi="1239").replace("b00010", "b00011"))
        for words in (["campaign", "create", world.folder / "weak.toml"], ["campaign", "preview", world.folder / "weak.toml"]):
            with self.subTest(words=words):
                self.assert_refused(world.run(*words), "weak.toml:", "telco", "1639", "ciphering: minimum yes, given no")
        self.assertEqual(world.must("campaign", "list").out, "")

    def test_an_application_by_name(self):
        world = self.catalogued()
        text = harness.campaign_text().replace('tar = "b00010"', 'application = "usim"')
        (world.folder / "named.toml").write_text(text)
        world.must("campaign", "preview", world.folder / "named.toml")
        world.must("campaign", "create", world.folder / "named.toml")
        (world.folder / "wrong.toml").write_text(text.replace("usim", "wallet"))
        self.assert_refused(world.run("campaign", "create", world.folder / "wrong.toml"), "application", "wallet", "uicc b00000")

    def test_single_operations_obey_as_well(self):
        world = self.catalogued()
        card = world.fleet[0].iccid
        weak = world.run("card", "write", card, "--file", "6f46", "--content", "00", "--spi", "1239", "--tar", "b00011")
        self.assert_refused(weak, "spi", "telco", "minimum yes, given no")
        unknown = world.run("card", "read", card, "--file", "6f46", "--tar", "b00099")
        self.assert_refused(unknown, "tar", "b00099", "usim b00011")
        named = world.run("card", "read", card, "--file", "6f46", "--application", "wallet", "--json")
        self.assertEqual(named.status, 1)
        self.assertEqual(named.json()["code"], "unknown_application")


if __name__ == "__main__":
    harness.main()
