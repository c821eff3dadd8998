#!/usr/bin/env python3
"""Messages through Kannel: bearerbox and smsbox between us and an SMSC that is there already.

    kannel.py --smsc HOST:PORT --numbers FILE [--octets N]

Sends one binary short message with a receipt to every number in FILE (one a line), by smsbox's HTTP interface, many
recipients to a request, and prints the seconds from the first request until the SMSC has nothing left to do: it asks
the simulator's control channel for that. No store file, receipts kept in memory: what Kannel does fastest.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

RECIPIENTS_PER_REQUEST = 50
CLIENTS = 8
START_SECONDS = 20

CONFIGURATION = """group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {smsbox}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 3
log-file = {directory}/bearerbox.log
dlr-storage = internal
sms-outgoing-queue-limit = 10000000
sms-incoming-queue-limit = 10000000

group = smsc
smsc = smpp
smsc-id = bench
host = {host}
port = {port}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = {window}
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
global-sender = 4900
log-level = 3
log-file = {directory}/smsbox.log

group = sendsms-user
username = bench
password = bench
max-messages = 1

group = sms-service
keyword = default
max-messages = 0
catch-all = true
text = ""
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def statistics(address):
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b'{"statistics": true}\n')
        return json.loads(line.makefile().readline())


def wait_until(what, holds, seconds):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            sys.exit(f"kannel.py: {what}")
        time.sleep(0.02)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def send_all(port, batches, octets):
    """Empties `batches` from several connections."""
    fixed = {
        "username": "bench", "password": "bench", "from": "4900", "coding": "2", "pid": "127", "dlr-mask": "3",
        "udh": b"\x02\x70\x00", "text": b"\x5a" * octets,
    }
    guard = threading.Lock()

    def work():
        link = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with guard:
                if not batches:
                    return
                numbers = batches.pop()
            link.request("GET", "/cgi-bin/sendsms?" + urllib.parse.urlencode(fixed | {"to": " ".join(numbers)}))
            answer = link.getresponse()
            answer.read()
            if answer.status not in (200, 202):
                sys.exit(f"kannel.py: sendsms answered {answer.status}")

    clients = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()


def main():
    reader = argparse.ArgumentParser()
    reader.add_argument("--smsc", required=True)
    reader.add_argument("--numbers", required=True)
    reader.add_argument("--octets", type=int, default=100)
    reader.add_argument("--window", type=int, default=1000)
    wanted = reader.parse_args()
    with open(wanted.numbers, encoding="ascii") as lines:
        numbers = lines.read().split()
    directory = tempfile.mkdtemp(prefix="kannel-bench-")
    host, port = wanted.smsc.rsplit(":", 1)
    places = {"admin": free_port(), "smsbox": free_port(), "http": free_port()}
    configuration = os.path.join(directory, "kannel.conf")
    with open(configuration, "w", encoding="ascii") as out:
        out.write(CONFIGURATION.format(host=host, port=port, window=wanted.window, directory=directory, **places))
    boxes = []
    try:
        for box, ready in (("bearerbox", places["smsbox"]), ("smsbox", places["http"])):
            program = shutil.which(box) or shutil.which(box, path="/usr/sbin")
            boxes.append(subprocess.Popen([program, configuration], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL))
            wait_until(f"{box} does not listen", lambda where=ready: listens(where), START_SECONDS)
        wait_until("no session", lambda: statistics(wanted.smsc)["binds"] > 0, START_SECONDS)
        batches = [numbers[i:i + RECIPIENTS_PER_REQUEST] for i in range(0, len(numbers), RECIPIENTS_PER_REQUEST)]
        began = time.monotonic()
        send_all(places["http"], batches, wanted.octets)

        def through():
            now = statistics(wanted.smsc)
            return now["receipts"] >= len(numbers) and now["waiting"] == 0

        wait_until("not every receipt came", through, 600 + len(numbers) / 100)
        print(json.dumps({"messages": len(numbers), "seconds": time.monotonic() - began}))
    finally:
        for box in reversed(boxes):
            box.terminate()
        for box in boxes:
            try:
                box.wait(timeout=10)
            except subprocess.TimeoutExpired:
                box.kill()
                box.wait()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
