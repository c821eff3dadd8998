#include "radio_world.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "base/hex.h"
#include "codec/smpp_pdu.h"

namespace tessera::simulation {
namespace {

namespace smpp = codec::smpp;

constexpr auto parts_time_out = std::chrono::hours(24);
constexpr std::uint32_t invalid_destination = 0x0b;  // permanent

std::uint64_t number_of(std::string_view digits) {
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

// The key of the ledger: key version, application and counter.
std::uint64_t place(const codec::packet_security& security, std::uint64_t counter) {
    const auto version = static_cast<std::uint64_t>(security.kic >> 4U);
    const auto application = load_big_endian(security.tar) & 0xffffU;
    return version << 60U | application << 42U | counter;
}

// Commands of a compact script: SELECT and UPDATE carry data, READ does not.
std::uint8_t commands_in(byte_view script) {
    std::uint8_t count = 0;
    while (script.size() >= 5) {
        const bool reads = script[1] == 0xb0 || script[1] == 0xb2 || script[1] == 0xc0;
        const std::size_t octets = 5 + (reads ? 0U : script[4]);
        ++count;
        if (octets > script.size()) break;
        script = script.subspan(octets);
    }
    return count;
}

bool holds(byte_view octets, byte_view marker) { return !std::ranges::search(octets, marker).empty(); }

sim::card_list cards_of(const std::string& csv, std::string_view name) {
    auto list = sim::card_list::parse(csv, name);
    if (!list) throw std::runtime_error(to_string(list.error()));
    return std::move(*list);
}

}  // namespace

struct radio_world::connection {
    sim::smsc::link_id id = 0;
    on_octets octets;
    on_end end;
    process_id process = 0;  // whose it is
    bool up = true;
    bytes input;       // from the server
    bytes for_centre;  // of it, what the SMSC has not read yet
    instant heard_until{}, told_until{};
    std::map<std::uint32_t, std::pair<std::uint64_t, bytes>> deliveries;  // by sequence: subscriber and user data
};

radio_world::radio_world(virtual_machine& machine, std::uint64_t seed, const std::string& registry,
                         const std::string& fleet, const outside_options& options)
    : machine_(&machine),
      random_(seed),
      options_(options),
      registered_(cards_of(registry, "registry")),
      cards_(std::make_unique<sim::simulated_cards>(cards_of(fleet, "fleet"))),
      answer_parts_(parts_time_out) {
    sim::smsc_options centre;
    centre.window = options.smsc_window;
    centre.rate = options.smsc_rate;
    centre.faults = options.faults;
    centre_ = std::make_unique<sim::smsc>(*cards_, centre);
    cards_->witness([this](const sim::executed_packet& what) { see_execution(what); });
}

// --- the wire

duration radio_world::some_delay() {
    return std::chrono::microseconds(
        50 + random_.below(static_cast<std::uint64_t>(
                 std::chrono::duration_cast<std::chrono::microseconds>(options_.wire_delay_max).count())));
}

std::shared_ptr<radio_world::connection> radio_world::connect(on_octets octets, on_end end) {
    if (machine_->now() < reachable_from_) return nullptr;
    const auto id = centre_->opened(machine_->now());
    if (!id) return nullptr;
    auto made = std::make_shared<connection>();
    made->id = *id;
    made->octets = std::move(octets);
    made->end = std::move(end);
    made->process = machine_->process();
    connections_.push_back(made);
    trace("connect");
    return made;
}

void radio_world::write(const std::shared_ptr<connection>& to, bytes octets) {
    if (!to->up) return;
    to->heard_until = std::max(to->heard_until, machine_->now() + some_delay());
    machine_->at(to->heard_until, [this, to, octets = std::move(octets)] {
        if (!to->up) return;
        append(to->input, octets);
        arrive(to);
    });
}

void radio_world::arrive(const std::shared_ptr<connection>& at) {
    const auto received = std::exchange(at->input, {});
    byte_view rest = received;
    while (at->up) {
        const auto size = smpp::first_pdu_octets(rest);
        if (!size || *size == 0 || *size > rest.size()) break;
        const auto unit = rest.first(*size);
        rest = rest.subspan(*size);
        if (read_along(at, unit)) append(at->for_centre, unit);
    }
    if (!at->up) return;
    at->input = to_bytes(rest);
    const virtual_clock wall(*machine_);
    for (;;) {
        const auto taken = centre_->on_bytes(at->id, at->for_centre, machine_->now(), wall.now());
        at->for_centre.erase(at->for_centre.begin(), at->for_centre.begin() + static_cast<std::ptrdiff_t>(taken));
        flush();
        if (taken == 0 || at->for_centre.empty() || !at->up) return;
    }
}

void radio_world::flush() {
    for (const auto id : centre_->take_touched()) {
        const auto known = std::ranges::find(connections_, id, &connection::id);
        if (known == connections_.end()) continue;
        auto to = std::shared_ptr(*known);  // what follows may take it off the list
        auto output = std::exchange(centre_->output(id), {});
        const bool over = centre_->wants_close(id);
        if (!output.empty()) centre_->written(id);
        for (byte_view rest = output; to->up && !rest.empty();) {
            const auto size = smpp::first_pdu_octets(rest).value();
            const auto unit = rest.first(size);
            rest = rest.subspan(size);
            smpp::header head;
            const auto read = smpp::decode(unit, head);
            if (tell && read) tell("< " + smpp::print(*read));
            const bool delivery = head.id == smpp::command::deliver_sm;
            const bool answer = head.id == smpp::command::submit_sm_resp;
            if ((delivery && random_.chance(options_.lose_delivery)) ||
                (answer && random_.chance(options_.lose_submit_resp))) {
                break_off(to);
                continue;
            }
            if (delivery) see_delivery(*to, unit);
            deliver(to, to_bytes(unit));
        }
        if (over && to->up) end(to, "closed by the SMSC");
    }
    arm();
}

void radio_world::deliver(const std::shared_ptr<connection>& to, bytes octets) {
    to->told_until = std::max(to->told_until, machine_->now() + some_delay());
    machine_->at(to->told_until, [this, to, octets = std::move(octets)]() mutable {
        if (!to->up) return;
        trace(as_text(octets));
        to->octets(std::move(octets));
    });
}

// The link breaks when the next octets would have come. What was under way before them has come, and perhaps was
// answered: a burst of messages would otherwise never get through a link that breaks now and then.
void radio_world::break_off(const std::shared_ptr<connection>& which) {
    which->told_until = std::max(which->told_until, machine_->now() + some_delay());
    machine_->at(which->told_until, [this, which] {
        if (which->up) end(which, "broken");
    });
}

void radio_world::arm() {
    const auto due = centre_->next_due();
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = *due;
    machine_->at(*due, [this] {
        armed_.reset();
        centre_->on_time(machine_->now());
        flush();
    });
}

void radio_world::close(const std::shared_ptr<connection>& which) {
    if (!which->up) return;
    which->up = false;
    trace("close");
    std::erase(connections_, which);
    centre_->closed(which->id);
    flush();
}

void radio_world::end(const std::shared_ptr<connection>& which, const std::string& why) {
    const auto told = which->end;
    close(which);
    machine_->after(some_delay(), [told, why] { told(why); });
}

void radio_world::drop_links(const std::string& why) {
    if (tell && !connections_.empty()) tell("the links break");
    for (const auto all = connections_; const auto& one : all) end(one, why);
}

void radio_world::be_unreachable(duration how_long) {
    reachable_from_ = machine_->now() + how_long;
    drop_links("unreachable");
}

// What stands in a socket's buffer may still get through, or not.
void radio_world::server_died(std::optional<process_id> which) {
    for (const auto all = connections_; const auto& one : all) {
        if (which && one->process != *which) continue;
        if (random_.chance(0.5))
            close(one);
        else
            machine_->after(options_.wire_delay_max, [this, one] { close(one); });
        one->octets = [](const bytes&) {};
        one->end = [](const std::string&) {};
    }
}

bool radio_world::quiet() const { return centre_->statistics().waiting == 0 && !centre_->next_due(); }

// --- the witness

void radio_world::accuse(const std::string& what) {
    if (tell) tell("VIOLATION: " + what);
    violations_.push_back(what);
}

void radio_world::trace(std::string_view what) {
    std::uint64_t hash = trace_ ^ static_cast<std::uint64_t>(machine_->now().time_since_epoch().count());
    for (const char one : what) hash = (hash ^ static_cast<std::uint8_t>(one)) * 0x100000001b3U;
    trace_ = mix64(hash);
}

// False: the SMSC never hears of it.
bool radio_world::read_along(const std::shared_ptr<connection>& from, byte_view pdu) {
    trace(as_text(pdu));
    smpp::header head;
    const auto unit = smpp::decode(pdu, head);
    if (!unit) return true;
    if (tell) tell("> " + smpp::print(*unit));
    if (head.id == smpp::command::deliver_sm_resp) {
        if (head.status == 0) see_acknowledgement(*from, head.sequence);
        from->deliveries.erase(head.sequence);
        return head.sequence < 0x40000000;
    }
    if (head.id != smpp::command::submit_sm) return true;
    const auto& message = std::get<smpp::short_message>(unit->body);
    if (on_submit) on_submit();
    const auto subscriber = number_of(message.destination.digits);
    if (refuses(subscriber)) {
        bytes answer;
        smpp::append_message_response(answer, smpp::command::submit_sm_resp, invalid_destination, head.sequence, "");
        deliver(from, std::move(answer));
        return false;
    }
    see_submit(from, subscriber, message.user_data);
    return from->up;
}

// Always the same subscribers: had the network taken a packet once, it would take it again.
bool radio_world::refuses(std::uint64_t subscriber) const {
    return static_cast<double>(mix64(subscriber ^ options_.faults.seed) % 1'000) < 1'000 * options_.refuse_submit;
}

void radio_world::see_submit(const std::shared_ptr<connection>& from, std::uint64_t subscriber, byte_view user_data) {
    const auto card = registered_.by_msisdn(subscriber);
    if (card == sim::no_card) return;
    const auto header = codec::parse_user_data_header(user_data);
    if (!header) return accuse("a short message without a header went to " + registered_.iccid(card));
    if (!header->parts) return void(see_packet(from, card, user_data.subspan(header->octets), false));
    // A part that was submitted twice may lie there, and a server that started since has taken its number again: the
    // latest of each place count, and what they make may not be a packet yet.
    const std::tuple place{subscriber, header->parts->reference, header->parts->maximum};
    auto& parts = parts_[place];
    parts[header->parts->sequence] = to_bytes(user_data.subspan(header->octets));
    if (parts.size() != header->parts->maximum) return;
    bytes packet;
    for (const auto& [sequence, octets] : parts) append(packet, octets);
    if (see_packet(from, card, packet, true)) parts_.erase(place);
}

bool radio_world::was_begun_with(const std::string& iccid) const {
    const auto card = registered_.by_iccid(iccid);
    if (card == sim::no_card) return false;
    const auto subscriber = registered_.at(card).msisdn;
    return std::ranges::any_of(parts_, [&](const auto& one) { return std::get<0>(one.first) == subscriber; });
}

// False: parts that do not belong together, or nobody can tell yet.
bool radio_world::see_packet(const std::shared_ptr<connection>& from, sim::card_index card, byte_view packet,
                             bool joined) {
    const auto iccid = registered_.iccid(card);
    const auto noted = note_packet(iccid, packet, joined);
    if (!noted || *noted == nullptr) return false;
    const auto& known = **noted;
    if (tell)
        tell("to " + iccid + ": counter " + std::to_string(known.counter) + ", sending " +
             std::to_string(known.sendings) + ", script " + to_hex(known.script));
    forge(from, known, card);
    return true;
}

// Null: nobody can read it, or not yet. Nothing: it is none.
std::optional<const witnessed_packet*> radio_world::note_packet(const std::string& iccid, byte_view packet,
                                                                bool joined) {
    const auto refused = [&](const std::string& why) {
        if (!joined) accuse(why + iccid);
        return std::nullopt;
    };
    const auto security = codec::secured_packet_codec::peek_command(packet);
    if (!security) return refused("something that is no packet went to ");
    const auto version = static_cast<std::uint8_t>(security->kic >> 4U);
    const auto keys = keys_of(iccid, version, security->tar);
    if (!keys) {
        unread_[iccid].emplace_back(to_bytes(packet), joined);
        return nullptr;
    }
    const auto command = codec_.decode_command(packet, *keys);
    if (!command || command->verified == false) return refused("a packet under other keys than its card's: ");
    auto& known = ledger_[{iccid, place(*security, command->counter)}];
    if (known.sendings++ > 0 && !std::ranges::equal(known.octets, packet))
        accuse("card " + iccid + ": counter " + std::to_string(command->counter) + " was used for two packets");
    if (known.sendings == 1) {
        known.iccid = iccid;
        known.octets = to_bytes(packet);
        known.counter = command->counter;
        known.key_version = version;
        known.security = command->security;
        known.script = to_bytes(command->data);
    }
    return &known;
}

// The operator's keys, or those that a rotation has brought to the card: there it can be asked for them.
std::optional<codec::packet_keys> radio_world::keys_of(const std::string& iccid, std::uint8_t version, byte_view tar) {
    for (auto* list : {&registered_, &cards_->list()}) {
        const auto card = list->by_iccid(iccid);
        if (card == sim::no_card) continue;
        const auto* found = list->key_set(card, version, static_cast<std::uint32_t>(load_big_endian(tar)));
        if (found != nullptr) return codec::packet_keys{list->kic(*found), list->kid(*found)};
    }
    return std::nullopt;
}

// The card has other keys by now.
void radio_world::read_again(const std::string& iccid) {
    const auto all = std::exchange(unread_[iccid], {});
    for (const auto& [packet, joined] : all) note_packet(iccid, packet, joined);
}

void radio_world::see_execution(const sim::executed_packet& what) {
    const auto iccid = cards_->list().iccid(what.card);
    auto known = ledger_.find({iccid, place(what.security, what.counter)});
    if (known == ledger_.end()) {
        read_again(iccid);
        known = ledger_.find({iccid, place(what.security, what.counter)});
    }
    if (tell) tell("card " + iccid + " executes counter " + std::to_string(what.counter));
    if (known == ledger_.end()) return accuse("card " + iccid + " executed a packet that nobody sent to it");
    if (++known->second.executions > 1) accuse("card " + iccid + " executed one packet twice");
}

void radio_world::see_delivery(connection& to, byte_view pdu) {
    smpp::header head;
    const auto unit = smpp::decode(pdu, head);
    const auto& message = std::get<smpp::short_message>(unit->body);
    if ((message.esm_class & 0x04U) != 0) return;  // a receipt
    const auto subscriber = number_of(message.source.digits);
    to.deliveries[head.sequence] = {subscriber, to_bytes(message.user_data)};
    auto& said = said_[subscriber];
    if (said.size() < 8) said.push_back(to_bytes(message.user_data));
}

// Only now may the server be held to what it was told.
void radio_world::see_acknowledgement(connection& from, std::uint32_t sequence) {
    const auto known = from.deliveries.find(sequence);
    if (known == from.deliveries.end()) return;
    const auto& [subscriber, user_data] = known->second;
    const auto card = registered_.by_msisdn(subscriber);
    if (card == sim::no_card) return;
    bytes packet = user_data;
    if (user_data.size() <= 3 || user_data[0] != 0x02 || user_data[1] != 0x71) {
        const auto whole = answer_parts_.add(subscriber, user_data, machine_->now());
        if (!whole || !*whole) return;
        packet = (*whole)->packet;
    }
    const auto iccid = registered_.iccid(card);
    for (auto one = ledger_.lower_bound({iccid, 0}); one != ledger_.end() && one->first.first == iccid; ++one) {
        auto& about = one->second;
        if (about.executions == 0 || about.answered_well) continue;
        const auto keys = keys_of(iccid, about.key_version, about.security.tar);
        const auto answer = codec_.decode_response(packet, about.security, *keys);
        const bool good = answer && answer->tar == about.security.tar && answer->secured &&
                          answer->verified.value_or(true) && answer->status == 0 && answer->counter == about.counter &&
                          answer->data.size() >= 3 && answer->data[1] == 0x90 && answer->data[2] == 0x00;
        if (good) about.answered_well = true;
        if (good && tell)
            tell("the server has acknowledged that " + iccid + " executed " + std::to_string(about.counter));
    }
}

// --- strangers

void radio_world::forge(const std::shared_ptr<connection>& to, const witnessed_packet& about, sim::card_index card) {
    const auto& chances = options_.forged;
    const auto with = *keys_of(about.iccid, about.key_version, about.security.tar);
    const bytes well{commands_in(about.script), 0x90, 0x00};
    const auto say = [&](std::uint64_t counter, std::uint8_t status, const bytes& data, bool unsecured) {
        bytes made;
        if (!codec_.encode_response(about.security, with, counter, status, data, unsecured, true, made)) made.clear();
        return made;
    };
    const auto subscriber = registered_.at(card).msisdn;
    const auto lie = [&](double chance, const char* what, const std::function<bytes()>& make) {
        if (!random_.chance(chance)) return;
        auto made = make();
        if (made.empty() || made.size() > 140) return;
        if (tell) tell(std::string("a stranger will say for ") + about.iccid + ": " + what);
        spoken_for_.insert(about.iccid);
        inject(to, subscriber, std::move(made));
    };
    lie(chances.unsecured_ok, "00, unsecured", [&] { return say(about.counter, 0, well, true); });
    lie(chances.wrong_counter, "00 for another counter", [&] { return say(about.counter + 1'000, 0, well, false); });
    lie(chances.unsecured_error, "06, unsecured", [&] { return say(0, 6, {}, true); });
    lie(chances.wrong_checksum, "00 with a wrong checksum", [&] {
        auto other = to_bytes(with.kid);
        other.front() ^= 0x10U;
        bytes made;
        if (!codec_.encode_response(about.security, {with.kic, other}, about.counter, 0, well, false, true, made))
            made.clear();
        return made;
    });
    lie(chances.replayed, "what it said before", [&] {
        const auto& said = said_[subscriber];
        return said.empty() ? bytes{} : said[random_.below(said.size())];
    });
}

void radio_world::inject(const std::shared_ptr<connection>& to, std::uint64_t subscriber, bytes user_data) {
    machine_->after(
        std::chrono::milliseconds(random_.below(50)), [this, to, subscriber, user_data = std::move(user_data)] {
            if (!to->up) return;
            std::array<char, 20> digits{};
            const auto [last, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), subscriber);
            smpp::short_message message;
            message.source = {1, 1, {digits.data(), last}};
            message.destination = {0, 1, "1000"};
            message.esm_class = 0x40;
            message.protocol_id = 0x7f;
            message.data_coding = 0xf6;
            message.user_data = user_data;
            bytes unit;
            if (!smpp::append_short_message(unit, smpp::command::deliver_sm, forged_sequence_++, message)) return;
            deliver(to, std::move(unit));
        });
}

// --- what the witness knows

int radio_world::executions(const std::string& iccid, byte_view marker) const {
    int count = 0;
    for (const auto* one : packets_with(iccid, marker)) count += one->executions;
    return count;
}

std::vector<const witnessed_packet*> radio_world::packets_with(const std::string& iccid, byte_view marker) const {
    std::vector<const witnessed_packet*> found;
    for (auto one = ledger_.lower_bound({iccid, 0}); one != ledger_.end() && one->first.first == iccid; ++one)
        if (holds(one->second.script, marker)) found.push_back(&one->second);
    return found;
}

std::uint64_t radio_world::highest_counter(const std::string& iccid) const {
    std::uint64_t highest = 0;
    for (auto one = ledger_.lower_bound({iccid, 0}); one != ledger_.end() && one->first.first == iccid; ++one)
        highest = std::max(highest, one->second.counter);
    return highest;
}

}  // namespace tessera::simulation
