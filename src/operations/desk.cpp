#include "operations/desk_machine.h"

#include <algorithm>

#include "cards/key_rotation.h"
#include "cards/store.h"
#include "operations/card_profile.h"
#include "operations/danger.h"
#include "operations/file_watch.h"

namespace tessera::operations {
namespace {

constexpr auto look_again = std::chrono::milliseconds(50);  // at a card that is busy, for who waits

std::string description(const single_request& request) {
    std::string text(to_string(request.kind));
    if (request.kind == operation_kind::resync) return text;
    if (request.kind == operation_kind::trial) return text + " " + request.trial.what + " by a reader";
    if (request.kind == operation_kind::run) return text + " " + std::to_string(request.commands.size()) + " commands";
    text += " " + request.file.file;
    if (request.file.record != 0) text += " record " + std::to_string(request.file.record);
    return text;
}

result<void> check_danger(const single_request& request, const cards::card& card) {
    const auto danger = joined(dangers_of(request));
    if (danger.empty() || !request.danger_approved_by.empty()) return {};
    return failure("needs_approval", card.identity.iccid,
                   danger + "; somebody must take the responsibility first: --approve-danger");
}

// From here on the file may hold the old content, the new, or some of both, until the card says.
result<void> doubt_what_changes(cards::card_store& cards, cards::card_id card, const under_way& work) {
    const auto& request = work.request();
    if (request.kind == operation_kind::write || request.kind == operation_kind::trial)
        for (const auto& one : work.writes()) TESSERA_TRY(cards.doubt_image(card, one.file, one.record));
    if (request.kind == operation_kind::run)
        return doubt_image_of(cards, card, files_changed_by(request.commands, request.security.tar));
    return {};
}

}  // namespace

// --- beginning

void desk::machine::try_to_begin(waiting_request asked) {
    if (asked.place->withdrawn_)
        return answer_later(asked, refusal({"withdrawn", asked.request.card, "was withdrawn before it began"}));
    const bool by_radio = asked.way == nullptr;
    result<telecom::single_line*> line = nullptr;
    if (by_radio) line = line_to(asked.request.smsc);
    if (!line) return answer_later(asked, refusal(std::move(line).error()));
    // The access check of C-13 and the beginning are one transaction on the connection that every release of a chunk
    // goes through: whichever commits first decides. From this commit on the packet may leave.
    auto made = env_.writer->transact_first(
        [&](store::connection& writer) -> result<begun> { return begin_in(writer, asked.request, by_radio); });
    if (!made) return answer_later(asked, refusal(std::move(made).error()));
    if (made->refused) {
        const bool passing = made->refused->inhibited || made->refused->refused->code == "busy";
        if (!asked.request.wait || !passing) return answer_later(asked, std::move(*made->refused));
        waiting_.push_back(std::move(asked));
        if (!look_timer_) look_timer_ = env_.home->after(look_again, [this] { look_at_waiting(); });
        return;
    }
    asked.place->begun_ = true;
    auto& one = open_.emplace(made->made->key.value, std::move(*made->made)).first->second;
    one.line = *line;
    one.done = std::move(asked.done);
    one.way = std::move(asked.way);
    if (one.way)
        one.way->begin(events_of(one.key.value));
    else
        one.line->await(one.subscriber);
    send(one);
}

// What a bearer tells from its own thread comes home as posted copies.
bearer_events desk::machine::events_of(std::int64_t key) {
    const auto to_operation = [this, key, alive = std::weak_ptr(alive_)](std::function<void(operation&)> what) {
        env_.home->post([this, key, alive, what = std::move(what)] {
            if (alive.expired()) return;
            if (const auto found = open_.find(key); found != open_.end()) what(found->second);
        });
    };
    bearer_events made;
    made.taken = [=] { to_operation([](operation& one) { one.accepted = true; }); };
    made.refused = [=, this](std::uint16_t status_word) {
        to_operation([this, status_word](operation& one) {
            follow(one, one.work.not_taken(status_word, one.accepted), nullptr);
        });
    };
    made.words = [=, this](bytes user_data) {
        to_operation([this, words = telecom::card_words{{}, 0, std::move(user_data)}](operation& one) mutable {
            words.subscriber = one.subscriber;
            hear(one, words);
        });
    };
    made.lost = [=, this](error why) {
        to_operation([this, why = std::move(why)](operation& one) {
            one.work.answer().refused = why;
            follow(one, one.work.silence(), nullptr);
        });
    };
    return made;
}

void desk::machine::look_at_waiting() {
    look_timer_.reset();
    for (auto& asked : std::exchange(waiting_, {})) try_to_begin(std::move(asked));
}

result<std::optional<single_answer>> desk::machine::busy(store::connection& writer, const cards::card& card) {
    TESSERA_TRY_VALUE(auto inhibited, env_.fleets->inhibits(writer, card.id));
    if (inhibited) {
        auto made = refusal({"inhibited", card.identity.iccid,
                             "campaign \"" + inhibited->name + "\" (" + inhibited->campaign +
                                 ") manages this card now, in its phase " + inhibited->phase});
        made.iccid = card.identity.iccid;
        made.inhibited = std::move(inhibited);
        return made;
    }
    TESSERA_TRY_VALUE(const auto others, operation_store(writer).in_flight(card.id, card.id));
    if (others.empty()) return std::nullopt;
    return refusal({"busy", card.identity.iccid, "another single operation is at work on this card"});
}

result<desk::machine::begun> desk::machine::begin_in(store::connection& writer, const single_request& asked,
                                                     bool by_radio) {
    // Commands may write, whatever they are.
    if (asked.kind != operation_kind::read) TESSERA_TRY(env_.fleets->may_write(writer));
    cards::card_store cards(writer);
    TESSERA_TRY_VALUE(const auto card, cards.find(asked.card));
    if (!card) return failure("not_found", asked.card, "the registry has no card with this ICCID, IMSI or MSISDN");
    TESSERA_TRY_VALUE(const auto terminal, cards.terminal_port(card->id));
    if (terminal)
        return failure("wrong_kind", card->identity.iccid,
                       "is a mobile terminal: its settings are written by campaigns ([[setting]]), and it has no files "
                       "or commands of a card");
    if (by_radio && card->identity.msisdn == 0)
        return failure("no_subscriber", card->identity.iccid, "the registry has no MSISDN for this card");
    auto request = asked;
    TESSERA_TRY_VALUE(const auto profile, card_profile::of(writer, *card));
    TESSERA_TRY(profile.address(request));
    // Before anybody waits for a card that is busy.
    TESSERA_TRY(check_danger(request, *card));
    TESSERA_TRY_VALUE(auto refused, busy(writer, *card));
    if (refused) return begun{std::move(refused), std::nullopt};
    cards::key_rotation_store rotations(writer);
    TESSERA_TRY_VALUE(const auto sets, rotations.usable_key_sets(card->id));
    const auto application = application_of(request.security.tar);
    auto version = asked.security.key_version;
    if (asked.any_key_version) {
        const auto* newest = cards::newest_key_set_for(sets, application);
        TESSERA_TRY_VALUE(version,
                          rotations.current(card->id, newest == nullptr ? version : newest->header.key_version));
    }
    const auto* chosen = cards::key_set_for(sets, version, application);
    if (chosen == nullptr) return failure("no_key", card->identity.iccid, "the card has no such key set");
    TESSERA_TRY_VALUE(auto keys, vault_.unwrap(card->id, chosen->header, chosen->wrapped));
    request.security.key_version = chosen->header.key_version;
    TESSERA_TRY(profile.obey(request, chosen->header));

    stored_operation row;
    row.id = make_uuid7(env_.clock->now(), *env_.random);
    row.card = card->id;
    row.kind = request.kind;
    row.what = description(request);
    if (!dangers_of(request).empty()) row.what += ", danger approved by " + request.danger_approved_by;
    row.application = application_of(request.security.tar);
    row.key_version = request.security.key_version;
    row.started_at = env_.clock->now();
    operation made{{},
                   card->id,
                   card->identity.msisdn,
                   nullptr,
                   nullptr,
                   under_way(std::move(request), std::move(keys)),
                   {},
                   {},
                   0,
                   card->image_version,
                   0,
                   0,
                   false,
                   false,
                   {},
                   nullptr};
    made.work.answer().id = row.id;
    made.work.answer().iccid = card->identity.iccid;
    TESSERA_TRY_VALUE(made.key, operation_store(writer).insert(row, made.work.request()));
    TESSERA_TRY(doubt_what_changes(cards, card->id, made.work));
    TESSERA_TRY(put_next_packet(writer, made));
    return begun{std::nullopt, std::move(made)};
}

// Counter and final octets, before anything of them is sent.
result<void> desk::machine::put_next_packet(store::connection& writer, operation& one) {
    cards::card_store cards(writer);
    const auto& security = one.work.request().security;
    const auto counting = cards::counting_application(one.work.keys().header.scope, application_of(security.tar));
    TESSERA_TRY_VALUE(const auto given, cards.counters(one.card));
    const auto& keys = one.work.keys();
    const auto given_out = last_counter(keys.header, given, application_of(security.tar));
    const auto& first = one.work.request().counter;
    if (one.packets == 0 && first && *first <= given_out)
        return failure("bad_counter", "counter", "is not higher than those given out; a counter is never used twice");
    const auto last = std::max(given_out, one.work.counter_floor());
    TESSERA_TRY_VALUE(one.counter, builder_.build(security, keys, last, one.work.next().octets, one.packet));
    TESSERA_TRY(cards.put_counter(one.card, security.key_version, counting, one.counter));
    operation_store operations(writer);
    TESSERA_TRY(operations.put_packet(one.key, one.packets, one.counter, one.packet));
    return operations.touch(one.key);
}

result<telecom::single_line*> desk::machine::line_to(const std::string& smsc) {
    const auto known = lines_.find(smsc);
    if (known != lines_.end()) return known->second->line.get();
    auto end = std::make_unique<line_end>(*this);
    TESSERA_TRY_VALUE(end->line, telecom::single_line::make(*env_.radio, telecom::route_by(smsc), *env_.home, *end));
    return lines_.emplace(smsc, std::move(end)).first->second->line.get();
}

// --- sending

void desk::machine::send(operation& one) {
    one.work.sent_as(one.counter);
    ++one.packets;
    one.accepted = false;
    const auto& request = one.work.request();
    one.give_up = env_.clock->monotonic() + request.por_timeout * (request.attempts + 2);
    if (request.kind == operation_kind::trial) one.work.answer().reports.back().octets = one.packet;
    one.work.sending();
    one.silent = false;
    if (!one.way) one.line->begin(token_of(one));
    transmit(one);
    wait_for_answer(one, request.por_timeout);
}

void desk::machine::transmit(operation& one) {
    const auto reference = static_cast<std::uint8_t>(one.counter);
    if (one.way)
        one.way->send(one.packet, reference);
    else
        one.line->send(token_of(one), one.subscriber, one.packet, reference);
}

void desk::machine::wait_for_answer(operation& one, duration how_long) {
    one.timer = env_.home->after(how_long, [this, key = one.key.value] { on_time(key); });
}

void desk::machine::on_time(std::int64_t key) {
    const auto found = open_.find(key);
    if (found == open_.end()) return;
    auto& one = found->second;
    const auto& request = one.work.request();
    if (one.work.sendings() >= request.attempts || env_.clock->monotonic() >= one.give_up) return fall_silent(one);
    one.work.sending();
    transmit(one);
    wait_for_answer(one, request.por_timeout);
}

// It waits no longer. Whether anything has left only the radio's thread knows, and from then on nothing more does.
void desk::machine::fall_silent(operation& one) {
    if (one.way) return follow(one, one.work.silence(), nullptr);
    one.silent = true;
    one.line->withdraw(token_of(one));
}

void desk::machine::on_withdrawn(std::uint64_t token, bool left) {
    const auto found = open_.find(static_cast<std::int64_t>(token));
    // An answer came meanwhile, and the next packet is under way.
    if (found == open_.end() || !found->second.silent) return;
    auto& work = found->second.work;
    follow(found->second, left ? work.silence() : work.not_sent(), nullptr);
}

void desk::machine::on_submitted(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status) {
    const auto found = open_.find(static_cast<std::int64_t>(token));
    if (found == open_.end()) return;
    auto& one = found->second;
    switch (result) {
        case telecom::submit_result::accepted:
            one.accepted = true;
            wait_for_answer(one, one.work.request().por_timeout);
            return;
        case telecom::submit_result::refused:
            return follow(one, one.work.refused(judge_, command_status, one.accepted), nullptr);
        case telecom::submit_result::exhausted:
            return;  // its time-out tries again
        case telecom::submit_result::link_lost:
            one.accepted = true;  // it may have left; identical octets go again as soon as there is a link
            transmit(one);
            return;
    }
}

void desk::machine::on_line_failed(const telecom::single_line& line, const error& why) {
    std::vector<std::int64_t> all;
    for (const auto& [key, one] : open_)
        if (one.line == &line) all.push_back(key);
    for (const auto key : all) {
        auto& one = open_.at(key);
        one.work.answer().refused = error{"no_network", why.field, why.message};
        fall_silent(one);
    }
}

// --- the desk

desk::desk(const desk_environment& env) : machine_(std::make_unique<machine>(env)) {}
desk::~desk() = default;
result<void> desk::begin() { return machine_->begin(); }
std::shared_ptr<operation_place> desk::perform(single_request request, std::function<void(single_answer)> done) {
    waiting_request asked{std::move(request), std::move(done), nullptr};
    auto place = asked.place;
    machine_->perform(std::move(asked));
    return place;
}
void desk::perform_by(std::shared_ptr<bearer> way, single_request request, std::function<void(single_answer)> done) {
    machine_->perform({std::move(request), std::move(done), std::move(way)});
}
bool desk::idle() const { return machine_->idle(); }

}  // namespace tessera::operations
