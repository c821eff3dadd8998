#!/usr/bin/perl
# Net::SMPP as oracle. `decode`: hex PDUs on standard input, one per line; prints for each one line "cmd status seq" and
# name=hex of every field. `encode`: prints PDUs that Net::SMPP built, in hex, the ones that smpp_peers_test.cpp expects.
use strict;
use warnings;
use Socket;
use Net::SMPP;

socketpair(my $near, my $far, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
my $smpp = bless $near, 'Net::SMPP';
bless $far, 'IO::Socket::INET';
Net::SMPP::set_version($smpp, 0x34);
${*$smpp}{async} = 1;
${*$smpp}{enquire_interval} = 0;

sub decode {
    while (my $line = <STDIN>) {
        chomp $line;
        syswrite $far, pack('H*', $line);
        my $pdu = $smpp->read_pdu() or die "Net::SMPP cannot read $line";
        die "unknown to Net::SMPP: $line" unless $pdu->{known_pdu};
        my @fields = map { "$_=" . unpack('H*', $pdu->{$_}) }
            grep { !/^(cmd|status|seq|data|reserved|known_pdu)$/ && defined $pdu->{$_} && !ref $pdu->{$_} }
            sort keys %$pdu;
        print join(' ', $pdu->{cmd}, $pdu->{status}, $pdu->{seq}, @fields), "\n";
    }
}

sub emit {
    my $length = sysread $far, my $octets, 65536;
    print unpack('H*', $octets), "\n";
}

sub encode {
    $smpp->bind_transceiver(seq => 1, system_id => 'esme', password => 'secret', system_type => 'OTA',
        interface_version => 0x34, addr_ton => 1, addr_npi => 1, address_range => '49*');
    emit();
    my %message = (service_type => 'CMT', source_addr_ton => 0, source_addr_npi => 1, source_addr => '1000',
        dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => '491701234567', esm_class => 0x40,
        protocol_id => 0x7f, priority_flag => 1, schedule_delivery_time => '', validity_period => '000000001000000R',
        registered_delivery => 1, replace_if_present_flag => 0, data_coding => 0xf6, sm_default_msg_id => 0,
        short_message => pack('H*', '02700000010203'));
    $smpp->submit_sm(seq => 2, %message);
    emit();
    $smpp->deliver_sm(seq => 3, %message, message_state => pack('C', 2), receipted_message_id => "abc\0");
    emit();
    $smpp->submit_sm_resp(seq => 4, message_id => 'id-4');
    emit();
    $smpp->deliver_sm_resp(seq => 5, message_id => '', status => 0x64);
    emit();
    $smpp->enquire_link(seq => 6);
    emit();
    $smpp->unbind_resp(seq => 7, status => 0);
    emit();
    $smpp->generic_nack(seq => 8, status => 3);
    emit();
    $smpp->bind_transceiver_resp(seq => 9, system_id => 'smsc', sc_interface_version => pack('C', 0x34));
    emit();
    $smpp->query_sm(seq => 10, message_id => 'id-4', source_addr_ton => 0, source_addr_npi => 1, source_addr => '1000');
    emit();
}

my $mode = shift // '';
$mode eq 'decode' ? decode() : $mode eq 'encode' ? encode() : die "usage: net_smpp.pl decode|encode\n";
