#include "operations/under_way.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace tessera::operations {
namespace {

constexpr int fresh_tries_max = static_cast<int>(limits::fresh_refusals);

}  // namespace

under_way::under_way(single_request request, cards::key_set keys)
    : request_(std::move(request)),
      keys_(std::move(keys)),
      writes_(request_.kind == operation_kind::trial ? request_.writes : std::vector{request_.file}) {
    round_.what = purpose::write;
    switch (request_.kind) {
        case operation_kind::trial:
            scripts_.assign(request_.trial.packets.begin(), request_.trial.packets.end());
            break;
        case operation_kind::write:
            for (auto& one : write_scripts(writes_, script_octets_max(request_.parts_max), 0, request_.style))
                scripts_.push_back(std::move(one));
            break;
        case operation_kind::read:
        case operation_kind::verify:
            reader_.emplace(request_.file.file, request_.file.record, request_.style);
            scripts_.push_back(reader_->next());
            break;
        case operation_kind::number:
            break;  // has no packets
        case operation_kind::run: {
            script all;
            for (const auto& command : request_.commands) append(all.octets, command);
            all.commands = static_cast<std::uint8_t>(request_.commands.size());
            scripts_.push_back(std::move(all));
            break;
        }
        case operation_kind::resync:
            // SELECT of the master file: nothing changes. What an application that has no files says to it will do as
            // well; that it ran the packet is the proof.
            scripts_.push_back({{0x00, 0xa4, 0x00, 0x04, 0x02, 0x3f, 0x00}, 1});
            if (request_.counter) counter_floor_ = *request_.counter - 1;
            break;
    }
    for (const auto& one : scripts_) {
        plan_.push_back({0, one.commands, {}, 0});
        plan_.back().role = one.role;
    }
}

void under_way::sent_as(std::uint64_t counter) {
    auto packet = plan_.front();
    packet.counter = counter;
    round_.packets.push_back(packet);
    if (first_counter_ == 0) first_counter_ = counter;
    ++answer_.packets;
    sendings_ = 0;
    if (request_.kind == operation_kind::trial) answer_.reports.push_back({counter, 0, {}, {}});
}

void under_way::sending() {
    ++sendings_;
    answer_.attempts = std::max(answer_.attempts, sendings_);
    if (!answer_.reports.empty()) ++answer_.reports.back().sendings;
}

bool under_way::has_heard(byte_view user_data) const {
    return std::ranges::any_of(answers_, [&](const heard& one) {
        return one.kind == answer_kind::message && std::ranges::equal(one.octets, user_data);
    });
}

under_way::step under_way::take(judge& with, bytes user_data) {
    if (answers_.size() >= limits::answers_per_card) return step::wait;
    answers_.push_back({answer_kind::message, 0, std::move(user_data)});
    return weigh(with);
}

under_way::step under_way::refused(judge& with, std::uint32_t command_status, bool before) {
    answers_.push_back({before ? answer_kind::refused_later : answer_kind::refused, command_status, {}});
    const auto next = weigh(with);
    return next == step::wait ? end(outcome::unknown, {cause_kind::smpp_status, command_status, 0}) : next;
}

under_way::step under_way::not_taken(std::uint16_t status_word, bool before) {
    return end(before ? outcome::unknown : outcome::failed, {cause_kind::not_taken, status_word, 0});
}

void under_way::report(std::vector<decoded_answer> found) {
    for (; reported_ < found.size(); ++reported_) answer_.reports.back().answers.push_back(std::move(found[reported_]));
}

// What the card said of the packets before is not said of those that come now. Only of a trial it still counts: whether
// the card refused to add what is there tells what its later answers mean.
void under_way::begin_round(purpose what) {
    if (request_.kind == operation_kind::trial) {
        earlier_.push_back(round_);
    } else {
        answers_.clear();
        reported_ = 0;
    }
    round_.what = what;
    round_.packets.clear();
}

under_way::step under_way::silence() { return end(outcome::unknown, {cause_kind::no_answer, 0, 0}); }

// What packets before it have done stays done: of a write nobody can say then that it failed.
under_way::step under_way::not_sent() {
    const bool first = answer_.packets <= 1;
    return end(first || reader_ ? outcome::failed : outcome::unknown, {cause_kind::no_answer, 0, 1});
}

namespace {

// 63Cx: after an update, that it needed repeats; after a code, that it was wrong (ETSI TS 102 221 clause 10.2.1.5).
bool wrong_code(const bytes& command, std::uint16_t status_word) {
    constexpr std::array<std::uint8_t, 5> about_codes{0x20, 0x24, 0x26, 0x28, 0x2c};
    return (status_word & 0xfff0U) == 0x63c0 && command.size() > 1 &&
           std::ranges::find(about_codes, command[1]) != about_codes.end();
}

}  // namespace

under_way::step under_way::weigh(judge& with) {
    std::vector<raw_answer> raw;
    raw.reserve(answers_.size());
    for (const auto& one : answers_) raw.push_back({one.kind, one.status, one.octets, true});
    const auto ran = with.answer_to(request_.security, keys_, round_.packets.back().counter, raw);
    if (ran) {
        answer_.executed = ran->executed;
        answer_.status_word = ran->status_word;
        answer_.data = ran->data;
    }
    if (request_.kind == operation_kind::trial) report(with.decode(request_.security, keys_, raw));
    auto rounds = earlier_;
    rounds.push_back(round_);
    const auto found = with.assess(request_.security, keys_, rounds, raw);
    strange_ = found.stray;
    if (found.why.kind == cause_kind::unreadable_answer && found.stray) return step::wait;
    if (reader_) return weigh_reading(found, ran);
    if (request_.kind == operation_kind::resync) return weigh_resync(found, ran);
    switch (found.what) {
        case decision::done:
            if (request_.kind == operation_kind::run && ran && ran->executed >= 1 &&
                ran->executed <= request_.commands.size() &&
                wrong_code(request_.commands[ran->executed - 1U], ran->status_word))
                return end(outcome::failed, {cause_kind::status_word, ran->status_word, ran->executed});
            return after_good_packet();
        case decision::failed:
            return end(outcome::failed, found.why);
        case decision::read_back:
            return read_back(found.why);
        default:
            return step::wait;
    }
}

under_way::step under_way::weigh_reading(const verdict& found, const std::optional<executed_answer>& ran) {
    if (!ran) {
        if (found.what == decision::failed) return end(outcome::failed, found.why);
        return found.what == decision::read_back ? read_back(found.why) : step::wait;
    }
    switch (reader_->take(*ran)) {
        case file_reader::step::complete:
            answer_.data = reader_->content();
            return end(outcome::done, {});
        case file_reader::step::refused:
            return end(outcome::failed, {cause_kind::status_word, ran->status_word, ran->executed});
        case file_reader::step::more:
            break;
    }
    begin_round(round_.what);
    scripts_ = {reader_->next()};
    plan_ = {{0, scripts_.front().commands, {}, 0}};
    return step::send;
}

// A card that ran the packet has taken its counter, whatever became of the command.
under_way::step under_way::weigh_resync(const verdict& found, const std::optional<executed_answer>& ran) {
    const bool taken = ran || found.what == decision::done || found.why.kind == cause_kind::unreadable_answer;
    if (taken) {
        answer_.counter = round_.packets.back().counter;
        return end(outcome::done, {});
    }
    if (found.what == decision::read_back) return leap(found.why);
    return found.what == decision::failed ? end(outcome::failed, found.why) : step::wait;
}

// TS 102 225 clause 5.1.4: a counter that is not higher than the card's is refused, and the answer repeats ours, not
// the card's. So it is found by leaps, each twice as long as the one before: less than half of the values skipped are
// lost.
under_way::step under_way::leap(const cause& why) {
    const auto last = round_.packets.back().counter;
    const auto most = std::min(first_counter_ + request_.leap_max, codec::counter_max - 1);
    if (last >= most) return end(outcome::failed, why);
    next_leap_ *= 2;
    counter_floor_ = std::min(last + next_leap_, most) - 1;
    round_.packets.clear();
    answers_.clear();
    return step::send;
}

under_way::step under_way::after_good_packet() {
    scripts_.pop_front();
    plan_.pop_front();
    return scripts_.empty() ? end(outcome::done, {}) : step::send;
}

// The packet may have been executed: a write is read back, a reading is done again, and of other commands nobody can
// tell.
under_way::step under_way::read_back(const cause& why) {
    // A packet that went once and was refused has not been executed.
    if (request_.kind == operation_kind::run || ++fresh_tries_ > fresh_tries_max)
        return end(sendings_ == 1 && why.kind == cause_kind::por_status ? outcome::failed : outcome::unknown, why);
    begin_round(reader_ ? round_.what : purpose::read_back);
    if (reader_) return step::send;
    scripts_.clear();
    plan_.clear();
    if (request_.kind == operation_kind::trial) {
        for (const auto& one : request_.trial.questions) {
            plan_.push_back(
                {0, one.commands.commands, one.expected, one.write, one.expect, one.version, one.commands.role});
            scripts_.push_back(one.commands);
        }
        return scripts_.empty() ? end(outcome::unknown, why) : step::send;
    }
    for (auto& piece : read_back_scripts(writes_, request_.style)) {
        plan_.push_back({0, piece.commands.commands, piece.expected, 0});
        scripts_.push_back(std::move(piece.commands));
    }
    return step::send;
}

under_way::step under_way::end(outcome what, const cause& why) {
    answer_.what = what;
    answer_.why = why;
    return step::end;
}

bool under_way::proved_reading() const {
    return request_.kind == operation_kind::verify && answer_.what == outcome::done;
}

bool under_way::proved_write() const {
    const bool writes = request_.kind == operation_kind::write || request_.kind == operation_kind::trial;
    return writes && answer_.what == outcome::done;
}

std::string_view to_string(operation_kind kind) {
    constexpr std::string_view names[] = {"write", "read", "run", "try", "resync", "verify", "number"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace tessera::operations
