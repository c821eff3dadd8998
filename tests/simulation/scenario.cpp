#include "scenario.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>

#include "base/hex.h"
#include "sim/fleet.h"

namespace tessera::simulation {
namespace {

constexpr std::uint64_t of_scenario = 5, of_joint_plan = 8, of_more_kinds = 9, of_clock = 10;

struct known_file {
    const char* path;
    std::size_t octets;
};
// The last one takes two short messages.
constexpr std::array<known_file, 5> files{
    {{"7f20/6f46", 17}, {"7f20/6f3e", 10}, {"7f20/6f3f", 10}, {"7f20/6f45", 40}, {"7f20/6f30", 180}}};

constexpr std::array<crypto::cipher_algorithm, 4> algorithms{
    crypto::cipher_algorithm::aes128, crypto::cipher_algorithm::aes256, crypto::cipher_algorithm::triple_des_2key,
    crypto::cipher_algorithm::triple_des_3key};

// CC and ciphering, the PoR secured likewise; the last ones without ciphering, and with the counter exactly the next.
constexpr std::array<const char*, 4> indicators{"1639", "1639", "1229", "1e39"};

std::string key_text(std::size_t octets, seeded_random& random) {
    bytes key(octets);
    random.fill(key);
    return to_hex(key);
}

std::uint64_t up_to(seeded_random& random, std::uint64_t most) { return random.below(most + 1); }

// Mostly not at all, sometimes a little, rarely much.
double some_chance(seeded_random& random, double likely, double most) {
    if (!random.chance(likely)) return 0;
    return most * static_cast<double>(1 + random.below(100)) / 100.0 * (random.chance(0.5) ? 0.2 : 1.0);
}

void draw_faults(outside_options& into, seeded_random& random, std::uint64_t seed) {
    auto& faults = into.faults;
    faults.seed = seed;
    const auto set = [&](sim::fault kind, double likely, double most) {
        faults.probability[static_cast<std::size_t>(kind)] = some_chance(random, likely, most);
    };
    if (random.chance(0.15)) return;  // a world without faults is one, too
    set(sim::fault::lose_submit, 0.4, 0.5);
    set(sim::fault::lose_response, 0.4, 0.5);
    set(sim::fault::duplicate, 0.3, 0.4);
    set(sim::fault::reorder, 0.3, 0.5);
    set(sim::fault::throttle, 0.2, 0.3);
    set(sim::fault::queue_full, 0.2, 0.3);
    set(sim::fault::unsecured_error, 0.2, 1.0);
    set(sim::fault::response_follows, 0.2, 0.5);
    set(sim::fault::receipt_before_submit_resp, 0.2, 1.0);
    set(sim::fault::response_before_submit_resp, 0.2, 0.7);
    set(sim::fault::card_off, 0.2, 0.3);
    set(sim::fault::card_wrong_key, 0.2, 0.3);
    set(sim::fault::card_one_part, 0.1, 0.3);
    set(sim::fault::card_absent, 0.2, 0.6);
    set(sim::fault::card_busy, 0.2, 0.5);
    const auto milliseconds = [&](std::uint64_t most) { return std::chrono::milliseconds(up_to(random, most)); };
    if (random.chance(0.5)) faults.delay = milliseconds(random.chance(0.3) ? 3'000 : 100);
    faults.response_follows_delay = milliseconds(800);
    faults.absent_for = milliseconds(4'000) + std::chrono::milliseconds(1);
    faults.smsc_retry = milliseconds(900) + std::chrono::milliseconds(100);
    faults.smsc_validity = std::chrono::seconds(1 + up_to(random, 20));
    into.refuse_submit = some_chance(random, 0.15, 0.2);
    into.lose_submit_resp = some_chance(random, 0.2, 0.1);
    into.lose_delivery = some_chance(random, 0.2, 0.1);
    if (random.chance(0.1)) into.smsc_rate = static_cast<std::uint32_t>(20 + random.below(200));
    if (random.chance(0.2)) into.smsc_window = 1 + random.below(4);
}

void draw_forgeries(forgeries& into, seeded_random& random) {
    if (!random.chance(0.35)) return;
    into.unsecured_ok = some_chance(random, 0.6, 1.0);
    into.wrong_counter = some_chance(random, 0.4, 0.8);
    into.wrong_checksum = some_chance(random, 0.5, 0.8);
    into.unsecured_error = some_chance(random, 0.3, 0.5);
    into.replayed = some_chance(random, 0.5, 0.8);
}

// Fields of a line of CSV.
std::string joined(std::initializer_list<std::string> fields) {
    std::string made;
    for (const auto& one : fields) {
        if (&one != fields.begin()) made += ',';
        made += one;
    }
    return made;
}

void draw_cards(scenario& into, seeded_random& random) {
    const auto count = random.chance(0.1) ? 13 + random.below(28) : 1 + random.below(12);
    const auto kinds = 1 + random.below(2);
    std::array<crypto::cipher_algorithm, 2> used{};
    for (auto& one : used) one = algorithms[random.below(algorithms.size())];
    constexpr const char* header =
        "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter,tags\n";
    into.registry = into.fleet = into.witness = header;
    const double ahead = some_chance(random, 0.2, 0.5);
    const double missing = some_chance(random, 0.15, 0.3);
    const double numberless = some_chance(random, 0.15, 0.3);
    for (std::size_t n = 0; n < count; ++n) {
        planned_card card{sim::fleet_iccid(n), sim::fleet_msisdn(n), false};
        const auto kind = random.below(kinds);
        const std::string algorithm(crypto::to_string(used[kind]));
        const auto octets = crypto::key_octets(used[kind]);
        const auto profile = "profile-" + std::to_string(kind);
        const auto kic = key_text(octets, random);
        const auto kid = key_text(octets, random);
        const auto keys = joined({algorithm, kic, algorithm, kid});
        const auto counted = random.chance(0.2) ? up_to(random, 1'000) : 0;
        const auto line = [&](std::uint64_t number, std::uint64_t counter) {
            char text[16];
            std::snprintf(text, sizeof text, "%010llx", static_cast<unsigned long long>(counter));
            return joined({card.iccid, sim::fleet_imsi(n), number == 0 ? "" : std::to_string(number), profile, "1",
                           keys, text, n % 2 == 0 ? "even" : "odd"}) +
                   "\n";
        };
        if (random.chance(numberless)) card.msisdn = 0;
        into.registry += line(card.msisdn, counted);
        into.witness += line(sim::fleet_msisdn(n), counted);
        // The card may have heard more than the operator's files say.
        const auto heard = counted + (random.chance(ahead) ? 1 + up_to(random, random.chance(0.5) ? 3 : 300) : 0);
        if (!random.chance(missing)) into.fleet += line(sim::fleet_msisdn(n), heard);
        into.cards.push_back(card);
    }
}

std::string write_text(const planned_write& one) {
    return "[[write]]\nfile = \"" + one.file + "\"\ncontent = \"" + to_hex(one.content) + "\"\n";
}

std::string telecom_text(const scenario& whole) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(whole.por_timeout).count();
    return "[telecom]\npor_timeout = \"" + std::to_string(milliseconds) +
           "ms\"\nattempts = " + std::to_string(whole.attempts) + "\n";
}

std::string head_text(const std::string& name, const std::string& selection, const std::string& tar,
                      const std::string& spi) {
    return "[campaign]\nname = \"" + name + "\"\n[targets]\n" + selection + "\n[security]\ntar = \"" + tar +
           "\"\nspi = \"" + spi + "\"\n";
}

planned_campaign draw_campaign(const scenario& whole, std::uint8_t number, seeded_random& random) {
    planned_campaign made;
    made.name = "campaign " + std::to_string(number);
    const auto writes = static_cast<std::uint8_t>(random.chance(0.7) ? 1 : 2 + random.below(2));
    std::vector<std::string> taken;
    for (std::uint8_t which = 0; which < writes; ++which) {
        auto one = make_write(0xc5, number, which, random);
        bool known = false;
        for (const auto& other : made.writes) known = known || other.file == one.file;
        if (!known) made.writes.push_back(std::move(one));
    }
    constexpr std::array<const char*, 5> selections{"all = true", "all = true", "all = true", "tag = \"even\"",
                                                    "tag = \"odd\""};
    const auto chosen = whole.cards.size() < 2 ? 0 : random.below(selections.size());
    made.text = head_text(made.name, selections[chosen], "b00010", indicators[random.below(indicators.size())]);
    for (const auto& one : made.writes) made.text += write_text(one);
    made.text += telecom_text(whole);
    if (random.chance(0.2))
        made.text +=
            "[telecom.retry]\nno_answer = {attempts = 2, after = \"100ms\"}\nabsent = {attempts = 3, after = "
            "\"300ms\"}\nbusy = {attempts = 3, after = \"100ms\"}\n";
    return made;
}

// From a stream of its own: whatever else a seed draws is the same with one process and with several.
joint_plan draw_joint_plan(std::uint64_t seed) {
    seeded_random random(mix64(seed ^ of_joint_plan));
    joint_plan made;
    if (!random.chance(0.25)) return made;
    using campaigns::role;
    constexpr std::array<role, 3> any{role::worker, role::gateway, role::all};
    made.roles = random.chance(0.3)   ? std::vector{role::all, role::all}
                 : random.chance(0.5) ? std::vector{role::worker, role::gateway}
                                      : std::vector{role::all, role::gateway};
    if (random.chance(0.5)) made.roles.push_back(any[random.below(any.size())]);
    made.lease_time = std::chrono::milliseconds(300 + random.below(random.chance(0.5) ? 500 : 2'000));
    made.stall_chance = random.chance(0.75) ? 0.2 + 0.1 * static_cast<double>(random.below(6)) : 0;
    made.death_chance = random.chance(0.6) ? 0.1 + 0.1 * static_cast<double>(random.below(4)) : 0;
    made.power_chance = random.chance(0.5) ? 0.25 : 0;
    made.stay_away = random.chance(0.3) ? 0.5 : 0;
    made.hectic = random.chance(0.4);
    if (!made.hectic) return made;
    made.stall_chance = 0.9;
    made.lease_time = std::chrono::milliseconds(300 + random.below(400));
    while (std::ranges::count(made.roles, role::worker) + 2 > std::ssize(made.roles))
        made.roles.push_back(role::gateway);
    return made;
}

planned_campaign draw_audit(const scenario& whole, seeded_random& random) {
    planned_campaign made;
    made.name = "audit";
    made.kind = campaign_kind::audit;
    made.text = head_text(made.name, "all = true", "b00010", indicators[random.below(indicators.size())]);
    const auto first = random.below(files.size());
    const auto count = 1 + random.below(2);
    for (std::uint64_t n = 0; n < count; ++n)
        made.text += std::string("[[read]]\nfile = \"") + files[(first + n) % files.size()].path + "\"\n";
    made.text += telecom_text(whole);
    return made;
}

// The same for all cards, the issuer's security domain's own.
planned_campaign draw_rotation(const scenario& whole, seeded_random& random) {
    planned_campaign made;
    made.name = "rotation";
    made.kind = campaign_kind::rotation;
    made.text = head_text(made.name, "all = true", "000000", indicators[random.below(indicators.size())]);
    made.text += "[[key]]\nkvn = 1\nnew_kvn = " + std::to_string(rotated_version) + "\nalgorithm = \"" +
                 (random.chance(0.5) ? "aes128" : "3des2") + "\"\n";
    if (random.chance(0.3)) made.text += "keep_old = true\n";
    made.text += telecom_text(whole);
    return made;
}

// Every card's key encryption key, which a rotation takes; the same wherever the card is written down.
void add_encryption_keys(std::string& csv, std::uint64_t seed) {
    std::string made;
    for (std::size_t at = 0; at < csv.size();) {
        const auto end = csv.find('\n', at);
        const auto line = csv.substr(at, end - at);
        std::uint64_t of_card = seed;
        for (const char one : line.substr(0, line.find(','))) of_card = mix64(of_card ^ static_cast<std::uint8_t>(one));
        seeded_random random(of_card);
        made += line + (at == 0 ? ",dek_algorithm,dek_key\n" : ",aes128," + key_text(16, random) + "\n");
        at = end + 1;
    }
    csv = std::move(made);
}

void add_waves(planned_campaign& into, std::size_t cards, seeded_random& random) {
    into.in_waves = true;
    if (random.chance(0.3)) into.text += "[waves]\napproval = true\n";
    into.text += "[[wave]]\nsize = " + std::to_string(1 + random.below(cards)) + "\n";
    if (random.chance(0.5)) into.text += "[[wave]]\npercent = 50\n";
    into.text += "[[wave]]\n";
    if (random.chance(0.3)) into.text += "error_threshold = 30\n";
}

// Kinds that only some scenarios have: from a stream of its own as well.
void draw_more_kinds(scenario& into) {
    seeded_random random(mix64(into.seed ^ of_more_kinds));
    if (random.chance(0.5)) return;
    for (auto& one : into.campaigns)
        if (random.chance(0.25)) add_waves(one, into.cards.size(), random);
    const auto add = [&](planned_campaign one) {
        const auto at = random.below(into.campaigns.size() + 1);
        into.campaigns.insert(into.campaigns.begin() + static_cast<std::ptrdiff_t>(at), std::move(one));
    };
    if (random.chance(0.5)) add(draw_audit(into, random));
    if (!random.chance(0.5)) return;
    add(draw_rotation(into, random));
    for (auto* csv : {&into.registry, &into.fleet, &into.witness}) add_encryption_keys(*csv, into.seed);
}

std::string name_of(campaigns::role which) {
    using campaigns::role;
    return which == role::worker ? "worker" : which == role::gateway ? "gateway" : "all";
}

}  // namespace

planned_write make_write(std::uint8_t kind, std::uint8_t number, std::uint8_t which, seeded_random& random) {
    const auto& file = files[random.chance(0.5) ? 0 : random.below(files.size())];
    planned_write made{file.path, bytes(file.octets, 0xff), {kind, number, which, 0, 0, 0}};
    random.fill(std::span(made.marker).subspan(3));
    // From the marker, so that the length takes nothing from the caller's stream. Some are shorter than their file.
    std::uint64_t of_content = 0;
    for (const auto octet : made.marker) of_content = mix64(of_content ^ octet);
    seeded_random more(of_content);
    if (more.chance(0.25)) made.content.resize(made.marker.size() + more.below(file.octets - made.marker.size()));
    more.fill(made.content);
    std::ranges::copy(made.marker, made.content.begin());
    return made;
}

scenario scenario::draw(std::uint64_t seed) {
    seeded_random random(mix64(seed ^ of_scenario));
    scenario made;
    made.seed = seed;
    made.preemption = random.chance(0.4) ? 0 : random.chance(0.5) ? 0.02 : 0.2;
    draw_cards(made, random);
    draw_faults(made.outside, random, seed);
    draw_forgeries(made.outside.forged, random);
    made.outside.wire_delay_max = std::chrono::microseconds(100 + random.below(5'000));
    made.por_timeout = std::chrono::milliseconds(50 + up_to(random, random.chance(0.3) ? 1'500 : 400));
    made.attempts = static_cast<int>(1 + random.below(4));
    auto& server = made.server;
    server.workers = static_cast<int>(1 + random.below(3));
    server.chunk_cards = static_cast<std::int64_t>(1 + random.below(random.chance(0.5) ? 4 : 20));
    server.checkpoint_pages = static_cast<std::int64_t>(20 + random.below(300));
    server.persistent = random.chance(0.5);
    server.smsc.reconnect_delay_min = std::chrono::milliseconds(5);
    server.smsc.reconnect_delay_max = std::chrono::milliseconds(100);
    server.smsc.response_time_out = std::chrono::seconds(2);
    if (random.chance(0.2)) server.smsc.window = static_cast<std::uint32_t>(1 + random.below(4));
    if (random.chance(0.3)) server.smsc.delivery_receipts = true;
    const auto campaigns = static_cast<std::uint8_t>(1 + random.below(3));
    for (std::uint8_t n = 0; n < campaigns; ++n) made.campaigns.push_back(draw_campaign(made, n, random));
    made.operations = random.chance(0.5) ? static_cast<int>(1 + random.below(6)) : 0;
    made.crash_chance = random.chance(0.75) ? 0.3 + 0.1 * static_cast<double>(random.below(7)) : 0;
    made.pause_chance = some_chance(random, 0.4, 0.6);
    made.cancel_chance = some_chance(random, 0.3, 0.5);
    made.link_trouble = some_chance(random, 0.4, 0.8);
    made.joint = draw_joint_plan(seed);
    if (made.joint.hectic) server.smsc.window = 1;  // much is released and not sent yet
    made.tick = std::chrono::milliseconds(mix64(seed ^ of_clock) % 4 == 0 ? 10 : 0);
    draw_more_kinds(made);
    return made;
}

std::string scenario::describe() const {
    std::string text = std::to_string(cards.size()) + " cards in chunks of " + std::to_string(server.chunk_cards) +
                       ", " + std::to_string(campaigns.size()) + " campaigns, " + std::to_string(operations) +
                       " single operations, " + std::to_string(server.workers) + " workers, attempts " +
                       std::to_string(attempts) + ", por_timeout " + std::to_string(seconds(por_timeout)) + " s";
    if (!joint.roles.empty()) {
        text += "\n  processes with leases of " + std::to_string(joint.lease_time.count()) + " ms:";
        for (const auto role : joint.roles) text += " " + name_of(role);
    }
    for (std::size_t i = 0; i < outside.faults.probability.size(); ++i)
        if (const auto p = outside.faults.probability[i]; p > 0)
            text += "\n  fault " + std::to_string(i) + ": " + std::to_string(p);
    for (const auto& one : campaigns) text += "\n" + one.text;
    return text;
}

}  // namespace tessera::simulation
