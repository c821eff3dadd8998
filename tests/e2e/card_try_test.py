"""`tessera card try`: a campaign's packets into a card in a PC/SC reader. pcscd and vpcd's virtual reader are real, the card is
the simulated one behind vpcd's protocol."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
from harness import SPN, SPN_CONTENT, Running, World, WorldTest, campaign_text, make_fleet, wait_for, write_csv

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
LONG = "ab" * 500  # takes several short messages


def two_free_ports():
    """vpcd's reader has two slots: a port and the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("", port + 1))
                return port
            except (OSError, OverflowError):
                continue


class Service:
    """pcscd of our own, on a socket of our own: it takes one that was opened for it, as systemd would."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tessera-pcsc-"))
        self.port = two_free_ports()
        self.socket_name = str(self.folder / "pcscd.comm")
        readers = self.folder / "readers"
        readers.mkdir()
        (readers / "vpcd").write_text(f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self.port:04X}\n'
                                      f"LIBPATH {DRIVER}\nCHANNELID 0x{self.port:04X}\n")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket_name)
        listener.listen(16)
        command = f'LISTEN_PID=$$ LISTEN_FDS=1 exec /usr/sbin/pcscd --foreground --config "{readers}"'
        words = ["sh", "-c", command]
        if os.geteuid() != 0:  # it wants to write below /run
            words = ["unshare", "--map-root-user", "--mount", "sh", "-c", f"mount -t tmpfs run /run && {command}"]
        self._log = open(self.folder / "log", "w+")
        given = listener.fileno()

        def hand_over():
            os.dup2(given, 3)
            os.set_inheritable(3, True)

        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        preexec_fn=hand_over, close_fds=False)
        listener.close()  # pcscd's alone: nobody waits for one that has ended
        self.use()
        if not wait_for("pcscd", lambda: len(self.readers()) == 2, self.process):
            raise AssertionError("pcscd ended: " + (self.folder / "log").read_text()[-2000:])

    def use(self):
        """By the program, from now on."""
        os.environ["PCSCLITE_CSOCK_NAME"] = self.socket_name

    def readers(self):
        listed = harness.run("card", "try", "--list-readers", "--json")
        return {one["reader"]: one["card"] for one in listed.json_lines()} if listed.status == 0 else {}

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=harness.PATIENCE_SECONDS)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


service = None


def setUpModule():
    global service
    service = Service()


def tearDownModule():
    service.close()


class Trying(WorldTest):
    def setUp(self):
        self.service = service
        self.fleet = make_fleet(4, algorithm="aes128")
        self.here = self.world(self.fleet)
        (self.here.data / "tessera.toml").write_text('[[smsc]]\nsource_address = "1000"\n')

    def insert(self, card, *more, slot=0, cards=None):
        """The card into the reader; it leaves it with the test."""
        words = ["sim", "card", "--cards", cards or self.here.csv, "--iccid", card.iccid,
                 "--vpcd", f"127.0.0.1:{self.service.port + slot}", *more]
        running = Running(self.here.folder, *words)
        self.addCleanup(self.take_out, running, slot)
        reader = f"Virtual PCD 00 {slot:02d}"
        wait_for("the card to be seen", lambda: self.service.readers().get(reader), running.process)
        return running

    def take_out(self, running, slot):
        running.close()
        wait_for("the reader to be empty", lambda: not self.service.readers()[f"Virtual PCD 00 {slot:02d}"])

    def file(self, **named):
        file = self.here.folder / "campaign.toml"
        file.write_text(campaign_text(**named))
        return file

    def try_it(self, *more, reader="Virtual PCD 00 00", file=None):
        return self.here.run("card", "try", file or self.file(), "--reader", reader, "--por-timeout", "3s", "--json", *more)

    def image(self, card):
        shown = self.here.must("card", "show", card.iccid, "--json").json()
        return {(one["file"], one["record"]): one["content"] for one in shown["image"]}, shown

    def test_the_default_a_proof_by_short_message(self):
        card = self.fleet[0]
        self.insert(card)
        made = self.try_it(reader="Virtual PCD 00 00")
        self.assertEqual(made.status, 0, made)
        answer = made.json()
        self.assertEqual((answer["iccid"], answer["outcome"], answer["status_word"]), (card.iccid, "done", "9000"))
        names = [one["name"] for one in answer["activation"]]
        self.assertEqual(names, ["SELECT MF", "SELECT EF.ICCID", "READ BINARY", "TERMINAL PROFILE", "SELECT ADF.USIM"])
        (packet,) = answer["packets"]
        self.assertEqual([one["name"] for one in packet["commands"]], ["ENVELOPE", "FETCH", "TERMINAL RESPONSE"])
        self.assertTrue(packet["commands"][0]["command"].startswith("80c20000"))
        self.assertTrue(packet["commands"][0]["status_word"].startswith("91"))
        self.assertEqual(packet["commands"][2]["proactive"], "SEND SHORT MESSAGE")
        (said,) = packet["answers"]
        self.assertEqual((said["status"], said["secured"], said["executed"], said["status_word"], said["counter"]),
                         ("00", True, 2, "9000", packet["counter"]))
        image, shown = self.image(card)
        self.assertEqual(image[(SPN, None)], SPN_CONTENT)
        self.assertEqual([(one["what"], one["outcome"]) for one in shown["history"] if one["event"] == "operation"],
                         [("try 1 writes by a reader", "done")])
        for secret in (card.kic, card.kid):
            self.assertNotIn(secret, made.out + made.err)
        # The next one has the next counter, and people can read it.
        again = self.here.must("card", "try", self.file(), "--reader", "Virtual PCD 00 00")
        self.assertIn("counter 0000000002", again.out)
        self.assertIn("00 done", again.out)

    def test_a_proof_in_the_delivery_report(self):
        self.insert(self.fleet[0])
        made = self.try_it(file=self.file(spi="1619"))
        self.assertEqual(made.status, 0, made)
        (packet,) = made.json()["packets"]
        self.assertEqual([one["name"] for one in packet["commands"]], ["ENVELOPE", "GET RESPONSE"])
        self.assertTrue(packet["commands"][0]["status_word"].startswith("61"))

    def test_several_packets_and_messages(self):
        card = self.fleet[1]
        self.insert(card, "--busy", 2)
        writes = ((SPN, SPN_CONTENT), ("7fff/6f60", LONG[:500]), ("7fff/6f61", LONG[:500]), ("7fff/6f62", LONG[:500]))
        made = self.try_it(file=self.file(writes=writes, extra="parts_max = 3\n"))
        self.assertEqual(made.status, 0, made)
        packets = made.json()["packets"]
        self.assertGreater(len(packets), 1)
        self.assertGreater(max(one["messages"] for one in packets), 1)
        self.assertIn("9300", [one["status_word"] for one in packets[0]["commands"]])
        counters = [int(one["counter"], 16) for one in packets]
        self.assertEqual(counters, sorted(set(counters)))
        self.assertEqual(len(self.image(card)[0]), 4)

    def test_in_the_expanded_format(self):
        self.insert(self.fleet[0])
        file = self.file()
        file.write_text(file.read_text().replace('spi = "1639"', 'spi = "1639"\nformat = "expanded"'))
        made = self.try_it(file=file)
        self.assertEqual(made.status, 0, made)
        self.assertEqual(self.image(self.fleet[0])[0][(SPN, None)], SPN_CONTENT)

    def test_a_card_s_own_content(self):
        card = self.fleet[2]
        self.insert(card)
        content = "{{imsi|bcd}}"
        made = self.try_it(file=self.file(writes=(("7f20/6f3e", content),)))
        self.assertEqual(made.status, 0, made)
        swapped = "".join(card.imsi[i:i + 2][::-1] for i in range(0, 14, 2)) + "f" + card.imsi[14]
        self.assertEqual(self.image(card)[0][("7f20/6f3e", None)], swapped)

    def test_a_java_card_application(self):
        """All packets of LOAD and INSTALL; what is there already is found when it is tried again."""
        self.insert(self.fleet[1])
        shutil.copy(Path(__file__).parents[2] / "fuzz/corpus/cap_file/stored", self.here.folder / "applet.cap")
        file = self.here.folder / "applet.toml"
        file.write_text('[campaign]\nname = "Applet"\n[targets]\nall = true\n[security]\ntar = "000000"\n'
                        'spi = "1639"\n[[application]]\naction = "install"\ncap = "applet.cap"\n[telecom]\nparts_max = 1\n')
        made = self.try_it(file=file)
        self.assertEqual(made.status, 0, made)
        self.assertGreater(len(made.json()["packets"]), 1)
        shown = self.image(self.fleet[1])[1]
        self.assertIn(("try 1 applications by a reader", "done"),
                      [(one["what"], one["outcome"]) for one in shown["history"] if one["event"] == "operation"])
        again = self.try_it(file=file)
        self.assertEqual((again.status, again.json()["outcome"]), (0, "done"), again)
        said = [answer for packet in again.json()["packets"] for answer in packet["answers"]]
        self.assertNotEqual({one.get("status_word") for one in said}, {"9000"})

    def test_what_a_try_is_not_for(self):
        self.insert(self.fleet[0])
        audit = self.here.folder / "audit.toml"
        audit.write_text('[campaign]\nname = "A"\n[targets]\nall = true\n[security]\ntar = "b00010"\nspi = "1639"\n'
                         '[[read]]\nfile = "7f20/6f46"\n')
        self.assert_refused_with(self.try_it(file=audit), "card read")

    def test_a_command_that_the_card_refuses(self):
        card = self.fleet[0]
        self.insert(card)
        made = self.try_it(file=self.file(writes=(("7f20/6fff", "00"),)))
        self.assertEqual(made.status, 1)
        self.assertEqual(made.json()["outcome"], "failed")
        self.assertIn("6a82", made.json()["cause"])
        self.assertEqual(self.image(card)[0], {})

    def test_a_card_with_other_keys_complains(self):
        others = make_fleet(4, seed=2, algorithm="aes128")
        cards = write_csv(self.here.folder / "others.csv", others)
        self.insert(others[0], cards=cards)
        for spi in ("1639", "1619"):
            with self.subTest(spi=spi):
                made = self.try_it(file=self.file(spi=spi))
                self.assertEqual(made.status, 1, made)
                self.assertNotEqual(made.json()["outcome"], "done")
                said = made.json()["packets"][0]["answers"][0]
                self.assertFalse(said["secured"])
                self.assertNotEqual(said["status"], "00")
        self.assertEqual(self.image(self.fleet[0])[0], {})

    def test_a_card_that_is_taken_out_in_the_middle(self):
        # A service of its own: pcscd looks every 400 ms, and a card put in before it saw that one is gone confuses it.
        self.service = Service()
        self.addCleanup(service.use)
        self.addCleanup(self.service.close)
        card = self.fleet[0]
        self.insert(card, "--leave-after", 6)  # after the ENVELOPE: what the card has to say stays unsaid
        made = self.try_it()
        self.assertEqual(made.status, 1, made)
        self.assertEqual(made.json()["outcome"], "unknown")
        self.assertIn("card", made.err)
        # It had executed, nobody knows: the image is doubted, the counter used up, the card free for the next try.
        self.insert(card, slot=1)
        again = self.try_it(reader="Virtual PCD 00 01").json()
        self.assertEqual((again["packets"][0]["counter"], again["outcome"]), ("0000000002", "done"))

    def test_cards_that_are_not_meant(self):
        card = self.fleet[2]
        self.insert(card)
        other = self.file(targets=f'iccids = ["{self.fleet[0].iccid}"]')
        self.assert_refused_with(self.try_it(file=other), "--any", card.iccid)
        self.assertEqual(self.try_it("--any", file=other).status, 0)
        strangers = make_fleet(9, algorithm="aes128")[8:]
        cards = write_csv(self.here.folder / "strangers.csv", strangers)
        self.insert(strangers[0], slot=1, cards=cards)
        self.assert_refused_with(self.try_it("--any", reader="Virtual PCD 00 01"), strangers[0].iccid, "registry")

    def assert_refused_with(self, outcome, *said):
        self.assertEqual(outcome.status, 1, outcome)
        self.assert_no_crash(outcome)
        for words in said:
            self.assertIn(words, outcome.err)

    def test_readers_that_are_not_there(self):
        self.assert_refused_with(self.try_it(reader="Nothing"), "Nothing", "Virtual PCD 00 00")
        self.assert_refused_with(self.try_it(reader="Virtual PCD"), "several", "Virtual PCD 00 01")
        self.assert_refused_with(self.try_it(reader="Virtual PCD 00 01"), "no card")
        self.assertEqual(self.here.run("card", "try", self.file()).status, 2)
        self.assertEqual(self.here.run("card", "try", "--reader", "x").status, 2)
        bad = self.here.folder / "bad.toml"
        bad.write_text('[campaign]\nname = "x"\nwrong = 1\n')
        self.assert_refused_with(self.try_it(file=bad), "wrong", "bad.toml:3")
        before = os.environ["PCSCLITE_CSOCK_NAME"]
        try:
            os.environ["PCSCLITE_CSOCK_NAME"] = str(self.here.folder / "nobody.comm")
            self.assert_refused_with(self.here.run("card", "try", "--list-readers"), "pcscd")
            self.assert_refused_with(self.try_it(), "pcscd")
        finally:
            os.environ["PCSCLITE_CSOCK_NAME"] = before

    def test_by_the_process_that_owns_the_directory(self):
        card = self.fleet[3]
        self.insert(card)
        server = self.here.start("serve")
        wait_for("the server", lambda: "serving" in server.stdout(), server.process)
        self.assertEqual(self.try_it().json()["outcome"], "done")
        server.stop()
        self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    harness.main()
