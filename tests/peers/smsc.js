// npm `smpp` as an SMSC: takes what is submitted and answers every whole message by a proof of receipt in deliver_sm.
// Every tenth submit_sm is throttled. Prints its port, and at unbind what it saw.
'use strict';
const smpp = require('smpp');

const seen = { submits: 0, throttled: 0, acknowledged: 0, refused: 0 };
const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === 'tessera' && pdu.password === 'secret';
    session.send(pdu.response(known ? { system_id: 'npm-smpp' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => {
    seen.submits += 1;
    if (seen.submits % 10 === 0) {
      seen.throttled += 1;
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    // The proof of receipt first, as real networks do at times; then the answer.
    session.deliver_sm(
      {
        source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr,
        dest_addr_ton: 0, dest_addr_npi: 1, destination_addr: pdu.source_addr,
        esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6,
        short_message: { message: Buffer.from('027100000b0ab0001000000000000006', 'hex') },
      },
      (answer) => { seen[answer.command_status === 0 ? 'acknowledged' : 'refused'] += 1; });
    session.send(pdu.response({ message_id: String(seen.submits) }));
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
    console.log(JSON.stringify(seen));
    server.close(() => process.exit(0));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
