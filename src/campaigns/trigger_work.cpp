#include "campaigns/trigger_work.h"

#include <algorithm>

#include "base/event_limits.h"
#include "campaigns/create.h"
#include "campaigns/safety_store.h"
#include "campaigns/trigger_gathering.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

using cards_of_batch = std::vector<gathered_card>;  // by profile and ICCID, so that those of one card stand together

constexpr std::string_view not_active = "not_active";

result<definition> definition_of_trigger(const stored_trigger& stored, std::string_view text) {
    file_context context;
    context.file = "trigger " + stored.name;
    context.stored = true;
    context.triggered = true;
    auto parsed = parse_campaign_file(text, context);
    if (!parsed) return std::unexpected(parsed.error().front());
    return std::move(*parsed);
}

// What no card could change is refused when the trigger is made.
result<void> check_for_events(const definition& what, const file_context& context) {
    if (what.window && what.window->zone == zone_of_each_card && context.house.zones.empty())
        return failure("bad_campaign_file", context.file,
                       "[window] zone: is \"card\", and tessera.toml has no [[zone]] that says where a card is");
    return {};
}

std::vector<std::string> iccids_of(const cards_of_batch& batch) {
    std::vector<std::string> iccids;
    for (const auto& one : batch)
        if (iccids.empty() || iccids.back() != one.iccid) iccids.push_back(one.iccid);
    std::ranges::sort(iccids);
    return iccids;
}

// Where the batch is cut in two: between profiles, if there are several, else between cards; as near to its middle as
// may be. 0: it has one card only.
std::size_t cut_of(const cards_of_batch& batch) {
    const bool by_profile = batch.front().profile != batch.back().profile;
    const auto may_cut = [&](std::size_t at) {
        return by_profile ? batch[at].profile != batch[at - 1].profile : batch[at].card != batch[at - 1].card;
    };
    const auto middle = batch.size() / 2;
    for (std::size_t away = 0; away <= middle; ++away) {
        if (middle > away && may_cut(middle - away)) return middle - away;
        if (middle + away > 0 && middle + away < batch.size() && may_cut(middle + away)) return middle + away;
    }
    return 0;
}

}  // namespace

// One trigger's work. Rebuilt from its events when the trigger was paused, or the process ended.
class trigger_watch::attendant {
public:
    attendant(trigger_watch& owner, stored_trigger stored)
        : reader_(owner.reader_), writer_(owner.writer_), random_(owner.random_), stored_(std::move(stored)) {}

    [[nodiscard]] trigger_key key() const { return stored_.key; }

    result<looked> look(const file_context& context, timestamp now) {
        if (failed_at_ && *failed_at_ <= now && now < *failed_at_ + limits::trigger_retry) return looked{};
        failed_at_.reset();
        auto done = work(context, now);
        if (done || store::is_about_database(done.error())) return done;
        if (done.error().code == not_active) return looked{};  // the next look knows
        failed_at_ = now;
        TESSERA_TRY(tell(to_string(done.error())));
        return looked{};
    }

private:
    // Errors that are not the database's lie with the trigger.
    result<looked> work(const file_context& context, timestamp now) {
        TESSERA_TRY(load());
        looked made;
        if (open_.empty()) {
            TESSERA_TRY_VALUE(made.more, gather(now));
            if (gathered_->empty()) return note_seen(made);
            if (!gathered_->due(now)) return made;
            auto batch = gathered_->members();
            std::ranges::sort(batch, {},
                              [](const gathered_card& one) { return std::tie(one.profile, one.iccid, one.event); });
            open_.push_back(std::move(batch));
        }
        for (int tries = 0; tries < limits::trigger_tries_per_look && !open_.empty(); ++tries) {
            TESSERA_TRY_VALUE(const bool campaign, try_next(context, now));
            made.campaigns += campaign ? 1 : 0;
        }
        made.more = true;
        return made;
    }

    result<void> load() {
        if (what_) return {};
        TESSERA_TRY_VALUE(text_, trigger_store(*reader_).definition(stored_.key));
        TESSERA_TRY_VALUE(what_, definition_of_trigger(stored_, text_));
        gathered_.emplace(stored_.key, *what_, stored_.seen_event);
        return {};
    }

    result<bool> gather(timestamp now) {
        const store::snapshot one_moment(*reader_);
        TESSERA_TRY(one_moment.begun());
        return gathered_->look(*reader_, now);
    }

    // Nobody of those that were looked at is meant. Lazily: after a power failure they are looked at once more, and
    // nobody is meant again; what is counted goes with the mark.
    result<looked> note_seen(looked made) {
        if (gathered_->seen() == stored_.seen_event) return made;
        TESSERA_TRY(writer_->transact_lazily([&](store::connection& writer) { return set_seen(writer); }));
        seen_is_noted();
        return made;
    }
    result<void> set_seen(store::connection& writer) {
        return trigger_store(writer).set_seen(stored_.key, gathered_->seen(), gathered_->limited());
    }
    void seen_is_noted() {
        stored_.seen_event = gathered_->seen();
        gathered_->begin_anew();
    }

    // A campaign for the cards that are next, or their refusal, or a cut. True: a campaign.
    result<bool> try_next(const file_context& context, timestamp now) {
        const auto batch = std::move(open_.back());
        open_.pop_back();
        auto done = create_for(batch, context, now);
        const bool campaign = done.has_value();
        if (!done && lies_with_cards(done.error(), context)) {
            if (const auto cut = static_cast<std::ptrdiff_t>(cut_of(batch)); cut != 0) {
                open_.emplace_back(batch.begin() + cut, batch.end());
                open_.emplace_back(batch.begin(), batch.begin() + cut);
                return false;
            }
            done = refuse(batch.back(), to_string(done.error()), now);
        }
        if (!done) {
            open_.push_back(batch);
            return std::unexpected(std::move(done).error());
        }
        stored_.problem.clear();
        if (open_.empty()) seen_is_noted();
        return campaign;
    }

    result<void> create_for(const cards_of_batch& batch, const file_context& context, timestamp now) {
        TESSERA_TRY_VALUE(const auto text, triggered_file(text_, iccids_of(batch)));
        auto of = context;
        of.file = "trigger " + stored_.name;
        const auto checked = check_campaign(*reader_, text, of);
        if (!checked) return std::unexpected(checked.error().front());
        std::vector<trigger_store::membership> members;
        for (const auto& one : batch) members.push_back({one.event, one.card});
        return writer_->transact([&](store::connection& writer) -> result<void> {
            TESSERA_TRY(still_active(writer));
            TESSERA_TRY_VALUE(const auto made, create_within(writer, *checked, of, now, *random_));
            TESSERA_TRY(trigger_store(writer).put_campaign(stored_.key, made.key, members, now));
            return note_effect(writer);
        });
    }

    // The last of the card's events stands for all of them.
    result<void> refuse(const gathered_card& last, const std::string& why, timestamp now) {
        return writer_->transact([&](store::connection& writer) -> result<void> {
            TESSERA_TRY(still_active(writer));
            TESSERA_TRY(trigger_store(writer).put_refused(stored_.key, {last.event, last.card}, why, now));
            return note_effect(writer);
        });
    }

    // The mark moves with the last of a batch; those that were through before it are known one by one.
    result<void> note_effect(store::connection& writer) {
        if (open_.empty()) TESSERA_TRY(set_seen(writer));
        return stored_.problem.empty() ? result<void>{} : trigger_store(writer).set_problem(stored_.key, "");
    }

    // It may have been paused, or removed, since it was looked at.
    result<void> still_active(store::connection& writer) {
        TESSERA_TRY_VALUE(const auto now, trigger_store(writer).find(stored_.name));
        if (now && now->key == stored_.key && now->state == trigger_state::active) return {};
        return failure(not_active, stored_.name, "was paused or removed meanwhile");
    }

    // The campaign was refused; would the file be, for whichever cards?
    bool lies_with_cards(const error& why, const file_context& context) {
        if (why.code == "no_zone" || why.code == "no_targets" || why.code == "bad_waves") return true;
        if (why.code != "bad_campaign_file") return false;
        cards::card_store cards(*reader_);
        auto alone = context;
        alone.stored = true;
        alone.triggered = true;
        alone.variable_known = [&](std::string_view name) { return cards.variable_known(name); };
        return parse_campaign_file(text_, alone).has_value();
    }

    result<void> tell(std::string problem) {
        if (problem == stored_.problem) return {};
        TESSERA_TRY(writer_->transact(
            [&](store::connection& writer) { return trigger_store(writer).set_problem(stored_.key, problem); }));
        stored_.problem = std::move(problem);
        return {};
    }

    store::connection* reader_;
    store::shared_writer* writer_;
    random_port* random_;
    stored_trigger stored_;
    std::string text_;
    std::optional<definition> what_;
    std::optional<trigger_gathering> gathered_;
    std::vector<cards_of_batch> open_;  // what is left of a batch, the next at the end; the mark moves with the last
    std::optional<timestamp> failed_at_;
};

trigger_watch::trigger_watch(store::connection& reader, store::shared_writer& writer, random_port& random)
    : reader_(&reader), writer_(&writer), random_(&random) {}
trigger_watch::~trigger_watch() = default;

result<trigger_watch::looked> trigger_watch::look(const file_context& context, timestamp now) {
    TESSERA_TRY_VALUE(auto triggers, trigger_store(*reader_).list());
    std::erase_if(triggers, [](const stored_trigger& one) { return one.state != trigger_state::active; });
    std::erase_if(attendants_, [&](const auto& one) {
        return std::ranges::find(triggers, one->key(), &stored_trigger::key) == triggers.end();
    });
    looked all;
    for (auto& one : triggers) {
        auto found = std::ranges::find(attendants_, one.key, [](const auto& attends) { return attends->key(); });
        if (found == attendants_.end())
            found = attendants_.insert(attendants_.end(), std::make_unique<attendant>(*this, std::move(one)));
        TESSERA_TRY_VALUE(const auto made, (*found)->look(context, now));
        all.campaigns += made.campaigns;
        all.more = all.more || made.more;
    }
    return all;
}

std::expected<stored_trigger, std::vector<error>> add_trigger(store::connection& reader, store::shared_writer& writer,
                                                              std::string_view text, file_context context,
                                                              timestamp now) {
    const auto refused = [](error why) { return std::unexpected(std::vector{std::move(why)}); };
    context.triggered = true;
    auto what = check_campaign_file(reader, text, context);
    if (!what) return std::unexpected(std::move(what).error());
    if (auto right = check_for_events(*what, context); !right) return refused(std::move(right).error());
    // From here on no file that it names is read again.
    const auto whole = with_load_files(text, what->load_files);
    if (whole.size() > limits::trigger_file_octets)
        return refused(
            {"bad_campaign_file", context.file,
             "with its load files it is longer than " + std::to_string(limits::trigger_file_octets) + " octets"});
    stored_trigger added;
    added.name = what->trigger->name;
    added.on = what->trigger->on;
    std::ranges::sort(added.on);
    added.created_at = now;
    auto stored = writer.transact_first([&](store::connection& database) -> result<void> {
        TESSERA_TRY_VALUE(added.seen_event, cards::card_event_store(database).last_key());
        TESSERA_TRY_VALUE(added.key, trigger_store(database).insert(added, whole));
        return {};
    });
    if (!stored) return refused(std::move(stored).error());
    return added;
}

result<trigger_terms> terms_of(store::connection& reader, const stored_trigger& stored) {
    TESSERA_TRY_VALUE(const auto text, trigger_store(reader).definition(stored.key));
    TESSERA_TRY_VALUE(const auto what, definition_of_trigger(stored, text));
    return *what.trigger;
}

result<std::optional<campaign_key>> next_triggered(store::connection& reader,
                                                   const std::vector<campaign_key>& not_these) {
    const store::snapshot one_moment(reader);
    TESSERA_TRY(one_moment.begun());
    if (!safety_store(reader).nothing_stands()) return std::nullopt;
    const auto limit = static_cast<std::int64_t>(not_these.size()) + 1;
    TESSERA_TRY_VALUE(const auto ready, trigger_store(reader).ready(limit));
    for (const auto key : ready)
        if (std::ranges::find(not_these, key) == not_these.end()) return key;
    return std::nullopt;
}

}  // namespace tessera::campaigns
