// npm `smpp` as an ESME against `tessera sim smsc`: node esme.js TESSERA CARDS.csv
// Binds, enquires, sends a packet to the first card of the file with a receipt asked for, takes the card's answer and
// the receipt, unbinds. Exits 0 if every response came with the status expected.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const smpp = require('smpp');

const [tessera, cards] = process.argv.slice(2);
const [header, first] = fs.readFileSync(cards, 'utf8').split(/\r?\n/);
const msisdn = first.split(',')[header.split(',').indexOf('msisdn')];
const simulator = spawn(tessera, ['sim', 'smsc', '--listen', '127.0.0.1:0', '--cards', cards]);
simulator.stderr.resume();
simulator.on('error', (problem) => finish(problem));

function finish(problem) {
  if (problem) console.error(problem);
  simulator.kill();
  process.exit(problem ? 1 : 0);
}
setTimeout(() => finish('not over after 20 seconds'), 20000).unref();

function expect(pdu, command) {
  if (pdu.command !== command || pdu.command_status !== 0) finish(`expected ${command}, got ${JSON.stringify(pdu)}`);
}

// An unciphered, unchecked command packet (SPI 0001: proof of receipt always) to TAR B00010. A card refuses such a one
// with status 0A, insufficient security level, in a packet that begins with 027100.
const packet = Buffer.from('02700000150d00010000b000100000000001' + '00' + 'a0a40000023f00', 'hex');

const RECEIPT = 0x04;
const wanted = new Set(['answer', 'receipt']);

function take(session, pdu) {
  session.send(pdu.response());
  const text = pdu.short_message.message;
  if (pdu.source_addr !== msisdn) finish(`a delivery from ${pdu.source_addr}`);
  if ((pdu.esm_class & 0x3c) === RECEIPT) {
    if (!/stat:DELIVRD/.test(text.toString('latin1'))) finish(`a receipt that says ${text}`);
    wanted.delete('receipt');
  } else {
    if (!Buffer.isBuffer(text)) finish(`user data without header: ${JSON.stringify(pdu)}`);
    wanted.delete('answer');
  }
  if (wanted.size === 0) session.unbind({}, (over) => {
    expect(over, 'unbind_resp');
    finish();
  });
}

function talk(port) {
  const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });
  session.on('error', (problem) => finish(problem));
  session.on('deliver_sm', (pdu) => take(session, pdu));
  session.bind_transceiver({ system_id: 'npm', password: 'npm' }, (bound) => {
    expect(bound, 'bind_transceiver_resp');
    session.enquire_link({}, (alive) => {
      expect(alive, 'enquire_link_resp');
      session.submit_sm(
        {
          source_addr: '1000', dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: msisdn,
          esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6, registered_delivery: 1,
          short_message: packet,
        },
        (taken) => expect(taken, 'submit_sm_resp'));
    });
  });
}

let said = '';
simulator.stdout.on('data', (chunk) => {
  const before = said;
  said += chunk;
  const address = /listening on 127\.0\.0\.1:(\d+)/;
  if (!address.test(before) && address.test(said)) talk(Number(address.exec(said)[1]));
});
simulator.on('exit', (code) => finish(`the simulator ended with ${code}`));
