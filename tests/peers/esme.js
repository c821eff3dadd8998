// npm `smpp` as an ESME against `tessera sim smsc`: node esme.js TESSERA CARDS.csv
// Binds, enquires, sends a packet (with a wrong TAR or to an unknown card: any answer will do) to the first card of the
// file, takes what the simulator delivers, unbinds. Exits 0 if every response came with the status expected.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const smpp = require('smpp');

const [tessera, cards] = process.argv.slice(2);
const [header, first] = fs.readFileSync(cards, 'utf8').split(/\r?\n/);
const msisdn = first.split(',')[header.split(',').indexOf('msisdn')];
const simulator = spawn(tessera, ['sim', 'smsc', '--listen', '127.0.0.1:0', '--cards', cards]);
simulator.stderr.resume();

function finish(problem) {
  if (problem) console.error(problem);
  simulator.kill();
  process.exit(problem ? 1 : 0);
}
setTimeout(() => finish('nothing happened for 20 seconds'), 20000).unref();

function expect(pdu, command) {
  if (pdu.command !== command || pdu.command_status !== 0) finish(`expected ${command}, got ${JSON.stringify(pdu)}`);
}

function talk(port) {
  const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });
  session.on('error', (problem) => finish(problem));
  session.on('deliver_sm', (pdu) => session.send(pdu.response()));
  session.bind_transceiver({ system_id: 'npm', password: 'npm' }, (bound) => {
    expect(bound, 'bind_transceiver_resp');
    session.enquire_link({}, (alive) => {
      expect(alive, 'enquire_link_resp');
      const packet = Buffer.from('02700000100d00220000010203000000000000aabb', 'hex');
      session.submit_sm(
        {
          source_addr: '1000', dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: msisdn,
          esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6, registered_delivery: 1,
          short_message: { message: packet },
        },
        (taken) => {
          expect(taken, 'submit_sm_resp');
          session.unbind({}, (over) => {
            expect(over, 'unbind_resp');
            finish();
          });
        });
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
