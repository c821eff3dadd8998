#include "operations/desk.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/log.h"
#include "cards/key_rotation.h"
#include "cards/store.h"
#include "operations/image_update.h"
#include "operations/store.h"
#include "operations/under_way.h"
#include "operations/verification.h"

namespace tessera::operations {
namespace {

constexpr auto look_again = std::chrono::milliseconds(50);  // at a card that is busy, for who waits

struct waiting_request {
    single_request request;
    std::function<void(single_answer)> done;
    std::shared_ptr<bearer> way;  // none: the radio
};

single_answer refusal(error why) {
    single_answer made;
    made.refused = std::move(why);
    return made;
}

std::string description(const single_request& request) {
    std::string text(to_string(request.kind));
    if (request.kind == operation_kind::trial)
        return text + " " + std::to_string(request.writes.size()) + " writes by a reader";
    if (request.kind == operation_kind::run) return text + " " + std::to_string(request.commands.size()) + " commands";
    text += " " + request.file.file;
    if (request.file.record != 0) text += " record " + std::to_string(request.file.record);
    return text;
}

}  // namespace

class desk::machine {
public:
    explicit machine(const desk_environment& env) : env_(env), vault_(env.vault->another()) {}

    void perform(waiting_request asked) {
        if (open_.size() + waiting_.size() >= limits::single_operations)
            return answer_later(asked, refusal({"busy", "operation", "too many single operations are under way"}));
        env_.home->post([this, alive = std::weak_ptr(alive_), asked = std::move(asked)]() mutable {
            if (!alive.expired()) try_to_begin(std::move(asked));
        });
    }
    [[nodiscard]] bool idle() const { return open_.empty() && waiting_.empty(); }

    result<void> begin() {
        TESSERA_TRY_VALUE(const auto abandoned, env_.writer->transact_first([&](store::connection& writer) {
            return operation_store(writer).abandon(env_.clock->now());
        }));
        if (abandoned > 0)
            log_warning(std::to_string(abandoned) + " single operations of a process that died end as unknown");
        return {};
    }

private:
    // A line to one SMSC, and what comes over it.
    class line_end final : public telecom::single_line_events {
    public:
        explicit line_end(machine& owner) : owner_(&owner) {}
        void on_submitted(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status) override {
            owner_->on_submitted(token, result, command_status);
        }
        void on_words(const telecom::card_words& words) override { owner_->on_words(*line, words); }
        void on_line_failed(const error& why) override { owner_->on_line_failed(*line, why); }
        std::unique_ptr<telecom::single_line> line;

    private:
        machine* owner_;
    };

    struct operation {
        operation_key key;
        cards::card_id card;
        telecom::subscriber_number subscriber = 0;
        telecom::single_line* line = nullptr;
        std::shared_ptr<bearer> way;  // instead of the line
        under_way work;
        std::function<void(single_answer)> done;
        bytes packet;
        std::uint64_t counter = 0;
        std::uint64_t first_counter = 0;
        std::int64_t image_version = 0;  // when it began
        int packets = 0;
        int answers = 0;
        bool accepted = false;  // the network took the packet under way at least once, or may have
        instant give_up{};      // whatever comes
        std::unique_ptr<net::event_loop::timer> timer;
    };
    struct begun {
        std::optional<single_answer> refused;
        std::optional<operation> made;
    };
    using operations_by_key = std::map<std::int64_t, operation>;

    void on_submitted(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status);
    void on_words(telecom::single_line& line, const telecom::card_words& words);
    void on_line_failed(const telecom::single_line& line, const error& why);
    void answer_later(const waiting_request& asked, single_answer answer) {
        env_.home->post([done = asked.done, answer = std::move(answer)] { done(answer); });
    }
    void try_to_begin(waiting_request asked);
    void look_at_waiting();
    bearer_events events_of(std::int64_t key);
    void transmit(operation& one);
    result<begun> begin_in(store::connection& writer, const single_request& request, bool by_radio);
    result<std::optional<single_answer>> busy(store::connection& writer, const cards::card& card);
    result<void> put_next_packet(store::connection& writer, operation& one);
    result<telecom::single_line*> line_to(const std::string& smsc);
    void send(operation& one);
    void wait_for_answer(operation& one, duration how_long);
    void on_time(std::int64_t key);
    void follow(operation& one, under_way::step step, const telecom::card_words* words);
    result<void> record(store::connection& writer, operation& one, under_way::step step,
                        const telecom::card_words* words);
    result<void> record_end(store::connection& writer, operation& one);
    void hear(operation& one, const telecom::card_words& words);
    void settle_strays();
    void finish(std::int64_t key, std::optional<error> problem);

    desk_environment env_;
    cards::key_vault vault_;
    codec::secured_packet_codec codec_;
    judge judge_;
    std::map<std::string, std::unique_ptr<line_end>> lines_;
    operations_by_key open_;
    std::vector<waiting_request> waiting_;
    std::unique_ptr<net::event_loop::timer> look_timer_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// --- beginning

void desk::machine::try_to_begin(waiting_request asked) {
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
    cards::card_store cards(writer);
    TESSERA_TRY_VALUE(const auto card, cards.find(asked.card));
    if (!card) return failure("not_found", asked.card, "the registry has no card with this ICCID, IMSI or MSISDN");
    if (by_radio && card->identity.msisdn == 0)
        return failure("no_subscriber", card->identity.iccid, "the registry has no MSISDN for this card");
    TESSERA_TRY_VALUE(auto refused, busy(writer, *card));
    if (refused) return begun{std::move(refused), std::nullopt};
    cards::key_rotation_store rotations(writer);
    TESSERA_TRY_VALUE(const auto sets, rotations.usable_key_sets(card->id));
    auto version = asked.security.key_version;
    if (asked.any_key_version) {
        const auto highest = std::ranges::max_element(sets, {}, [](const auto& k) { return k.header.key_version; });
        TESSERA_TRY_VALUE(version,
                          rotations.current(card->id, highest == sets.end() ? version : highest->header.key_version));
    }
    const auto chosen = std::ranges::find(sets, version, [](const auto& k) { return k.header.key_version; });
    if (chosen == sets.end()) return failure("no_key", card->identity.iccid, "the card has no such key set");
    TESSERA_TRY_VALUE(auto keys, vault_.unwrap(card->id, chosen->header, chosen->wrapped));
    auto request = asked;
    request.security.key_version = chosen->header.key_version;

    stored_operation row;
    row.id = make_uuid7(env_.clock->now(), *env_.random);
    row.card = card->id;
    row.kind = request.kind;
    row.what = description(request);
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
                   0,
                   card->image_version,
                   0,
                   0,
                   false,
                   {},
                   nullptr};
    made.work.answer().id = row.id;
    made.work.answer().iccid = card->identity.iccid;
    TESSERA_TRY_VALUE(made.key, operation_store(writer).insert(row));
    // From here on the file may hold the old content, the new, or some of both, until the card says.
    const auto kind = made.work.request().kind;
    if (kind == operation_kind::write || kind == operation_kind::trial)
        for (const auto& one : made.work.writes()) TESSERA_TRY(cards.doubt_image(card->id, one.file, one.record));
    TESSERA_TRY(put_next_packet(writer, made));
    return begun{std::nullopt, std::move(made)};
}

// Counter and final octets, before anything of them is sent.
result<void> desk::machine::put_next_packet(store::connection& writer, operation& one) {
    cards::card_store cards(writer);
    const auto& security = one.work.request().security;
    const auto wire = security_for(security, one.work.keys().header);
    if (!speakable(wire))
        return failure("no_packet", "spi", "this SPI asks for checks that the card's key set cannot name in one KID");
    TESSERA_TRY_VALUE(const auto counters, cards.counters(one.card));
    auto last = one.work.keys().header.initial_counter;
    for (const auto& counter : counters)
        if (counter.key_version == security.key_version && counter.application == application_of(security.tar))
            last = std::max(last, counter.counter);
    TESSERA_TRY_VALUE(one.counter, next_counter(last));
    if (one.packets == 0) one.first_counter = one.counter;
    one.packet.clear();
    const codec::packet_keys material{one.work.keys().kic.reveal(), one.work.keys().kid.reveal()};
    TESSERA_TRY(codec_.encode_command(wire, material, one.counter, one.work.next().octets, one.packet));
    TESSERA_TRY(cards.put_counter(one.card, security.key_version, application_of(security.tar), one.counter));
    operation_store operations(writer);
    TESSERA_TRY(operations.put_packet(one.key, one.packets, one.counter, one.packet));
    return operations.touch(one.key);
}

result<telecom::single_line*> desk::machine::line_to(const std::string& smsc) {
    const auto known = lines_.find(smsc);
    if (known != lines_.end()) return known->second->line.get();
    auto end = std::make_unique<line_end>(*this);
    TESSERA_TRY_VALUE(end->line, telecom::single_line::make(*env_.radio, smsc, *env_.home, *end));
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
    transmit(one);
    wait_for_answer(one, request.por_timeout);
}

void desk::machine::transmit(operation& one) {
    const auto reference = static_cast<std::uint8_t>(one.counter);
    if (one.way)
        one.way->send(one.packet, reference);
    else
        one.line->send(static_cast<std::uint64_t>(one.key.value), one.subscriber, one.packet, reference);
}

void desk::machine::wait_for_answer(operation& one, duration how_long) {
    one.timer = env_.home->after(how_long, [this, key = one.key.value] { on_time(key); });
}

void desk::machine::on_time(std::int64_t key) {
    const auto found = open_.find(key);
    if (found == open_.end()) return;
    auto& one = found->second;
    const auto& request = one.work.request();
    if (one.work.sendings() >= request.attempts || env_.clock->monotonic() >= one.give_up)
        return follow(one, one.work.silence(), nullptr);
    one.work.sending();
    transmit(one);
    wait_for_answer(one, request.por_timeout);
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
        follow(one, one.work.silence(), nullptr);
    }
}

// --- what comes back

void desk::machine::on_words(telecom::single_line& line, const telecom::card_words& words) {
    const auto whose = std::ranges::find_if(
        open_, [&](const auto& entry) { return !entry.second.way && entry.second.subscriber == words.subscriber; });
    if (whose != open_.end()) return hear(whose->second, words);
    // Nobody here waits for it: kept for whom it concerns, and acknowledged once that is durable.
    const auto kept = env_.writer->transact_first(
        [&](store::connection& writer) { return env_.fleets->keep_stray(writer, words.subscriber, words.user_data); });
    if (!kept) return log_error("an answer is left at the SMSC: " + to_string(kept.error()));
    line.acknowledge(words.handle);
    settle_strays();
}

void desk::machine::hear(operation& one, const telecom::card_words& words) {
    const auto next = one.work.take(judge_, words.user_data);
    const bool strange = one.work.strange();
    follow(one, next, &words);
    if (strange) settle_strays();
}

void desk::machine::settle_strays() {
    if (const auto settled = env_.fleets->settle_strays(); !settled) log_error(to_string(settled.error()));
}

// One transaction makes durable what came and what follows from it: the next packet, or the end and the image (C-17).
void desk::machine::follow(operation& one, under_way::step step, const telecom::card_words* words) {
    auto recorded =
        env_.writer->transact_first([&](store::connection& writer) { return record(writer, one, step, words); });
    if (words != nullptr && recorded && !one.way) one.line->acknowledge(words->handle);
    if (!recorded) return finish(one.key.value, std::move(recorded).error());
    if (words != nullptr) ++one.answers;
    if (step == under_way::step::send)
        send(one);
    else if (step == under_way::step::end)
        finish(one.key.value, std::nullopt);
}

result<void> desk::machine::record(store::connection& writer, operation& one, under_way::step step,
                                   const telecom::card_words* words) {
    if (words != nullptr) {
        TESSERA_TRY(operation_store(writer).put_answer(one.key, one.answers, words->user_data));
        // Perhaps a campaign's: its card is free by now, and may still have had something to say (C-8).
        if (one.work.strange() && words->subscriber != 0)
            TESSERA_TRY(env_.fleets->keep_stray(writer, words->subscriber, words->user_data));
    }
    if (step == under_way::step::send) return put_next_packet(writer, one);
    return step == under_way::step::end ? record_end(writer, one) : result<void>{};
}

result<void> desk::machine::record_end(store::connection& writer, operation& one) {
    const auto now = env_.clock->now();
    const verified_card of{one.card, one.image_version, one.first_counter};
    if (one.work.proved_reading())
        TESSERA_TRY(record_verification(writer, one.work.request(), of, one.work.answer(), now));
    const auto& answer = one.work.answer();
    TESSERA_TRY(operation_store(writer).end(one.key, answer.what, answer.why, answer.attempts, now));
    if (!one.work.proved_write()) return {};
    cards::card_store cards(writer);
    const auto& writes = one.work.writes();
    const auto& security = one.work.request().security;
    TESSERA_TRY_VALUE(const auto image, cards.image(one.card));
    // Late answers of campaigns may have changed the image meanwhile; the counters know the order.
    proved_writes proved{&writes, {}, {security.key_version, application_of(security.tar), one.counter}, false, true};
    for (const auto& write : writes) {
        auto& before = proved.before.emplace_back();
        const auto held = std::ranges::find_if(
            image, [&](const auto& entry) { return entry.file == write.file && entry.record == write.record; });
        if (held != image.end()) before.emplace(known_image{held->content, held->proof});
    }
    return write_image(cards, one.card, proved, now);
}

void desk::machine::finish(std::int64_t key, std::optional<error> problem) {
    auto over = open_.extract(key);
    auto& one = over.mapped();
    if (one.way)
        one.way->end();
    else
        one.line->let_go(one.subscriber);
    if (problem) one.work.answer().refused = std::move(problem);
    one.done(std::move(one.work.answer()));
}

// --- the desk

desk::desk(const desk_environment& env) : machine_(std::make_unique<machine>(env)) {}
desk::~desk() = default;
result<void> desk::begin() { return machine_->begin(); }
void desk::perform(single_request request, std::function<void(single_answer)> done) {
    machine_->perform({std::move(request), std::move(done), nullptr});
}
void desk::perform_by(std::shared_ptr<bearer> way, single_request request, std::function<void(single_answer)> done) {
    machine_->perform({std::move(request), std::move(done), std::move(way)});
}
bool desk::idle() const { return machine_->idle(); }

}  // namespace tessera::operations
