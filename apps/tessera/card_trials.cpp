#include "tessera/card_trials.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <thread>

#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/packet_scripts.h"
#include "campaigns/personal_writes.h"
#include "campaigns/selection.h"
#include "cards/key_rotation.h"
#include "cards/store.h"
#include "codec/sms_tpdu.h"
#include "operations/danger.h"
#include "tessera/operation_json.h"
#include "tessera/service_route.h"
#include "tessera/trial_json.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using operations::reader_bearer;

net::http_response refusal(const std::vector<error>& why) {
    json::array problems;
    for (const auto& one : why)
        problems.push_back({{"code", one.code}, {"field", one.field}, {"message", one.message}});
    json::object out = problems.front().get_object();
    if (why.size() > 1) out["problems"] = std::move(problems);
    return {status_of_refusal(why.front().code), json::serialize(out)};
}

// TP-SCTS in UTC: year, month, day, hour, minute, second as swapped digits, and no quarter of an hour from it.
std::array<std::uint8_t, 7> service_centre_time(timestamp now) {
    const auto text = to_iso8601(now);  // 2026-11-21T23:55:27.123Z
    std::string digits;
    for (const std::size_t at : {2U, 5U, 8U, 11U, 14U, 17U}) digits += text.substr(at, 2);
    std::array<std::uint8_t, 7> made{};
    std::ranges::copy(codec::encode_semi_octets(digits), made.begin());
    return made;
}

// The message as that SMSC would bring it.
telecom::card_session_settings settings_of(const telecom::smsc_settings& smsc, const trial_request& asked) {
    telecom::card_session_settings made;
    made.service_centre = asked.smsc_address;
    made.protocol_id = smsc.protocol_id;
    made.data_coding = smsc.data_coding;
    made.reference_bits = smsc.reference_bits;
    made.service_centre_time = service_centre_time(system_clock().now());
    const bool digits = !smsc.source_address.empty() &&
                        smsc.source_address.find_first_not_of("0123456789") == std::string::npos &&
                        smsc.source_address.size() <= 20;
    if (!digits) return made;
    made.originator = smsc.source_address;
    made.originator_type =
        static_cast<std::uint8_t>(0x80U | (smsc.source_type_of_number & 7U) << 4U | (smsc.source_numbering_plan & 15U));
    return made;
}

}  // namespace

// One trial: the file checked, the card activated on a thread of its own, its operation at the desk.
class card_trials::trial : public std::enable_shared_from_this<trial> {
public:
    trial(card_trials& owner, trial_request asked, respond give)
        : owner_(&owner), asked_(std::move(asked)), give_(std::move(give)) {}

    void wait_for_reader() {
        if (thread_.joinable()) thread_.join();
    }

    // Its own life ends with a call of `over`, from the home loop.
    void begin(std::function<void()> over) {
        over_ = std::move(over);
        auto checked = check_file();
        if (!checked) return end(refusal(checked.error()));
        what_ = std::move(*checked);
        if (what_.terminals)
            return end(refusal({{"bad_campaign_file", asked_.file,
                                 "a try is for a card in a reader, and the campaign has settings of terminals"}}));
        if (what_.rotation)
            return end(
                refusal({{"bad_campaign_file", asked_.file,
                          "a try leaves the keys of the registry alone, and the campaign rotates them: try it as "
                          "a campaign of one card"}}));
        if (what_.is_audit())
            return end(refusal({{"bad_campaign_file", asked_.file,
                                 "a try is for what changes cards, and an audit reads: card read or card verify asks "
                                 "one card"}}));
        // Of several the first: they hardly differ in what a card sees.
        const auto* smsc = owner_->data_->settings.used_by(what_.way.smscs)->front();
        thread_ = std::thread([self = shared_from_this(), settings = settings_of(*smsc, asked_)] {
            auto readers = net::make_pcsc_readers();
            self->opened_ = reader_bearer::open(*readers, self->asked_.reader, settings);
            self->owner_->home_->post([self] { self->opened(); });
        });
    }

private:
    std::expected<campaigns::definition, std::vector<error>> check_file() {
        campaigns::file_context context;
        context.file = asked_.file;
        const auto& settings = owner_->data_->settings;
        context.smsc_known = [&](std::string_view name) { return settings.smsc(name) != nullptr; };
        std::expected<campaigns::definition, std::vector<error>> made;
        const auto read = owner_->writer_->transact_first([&](store::connection& writer) -> result<void> {
            made = campaigns::check_campaign_file(writer, asked_.text, context);
            return {};
        });
        if (!read) return std::unexpected(std::vector{read.error()});
        if (!made) return made;
        if (const auto used = settings.used_by(made->way.smscs); !used)
            return std::unexpected(std::vector{used.error()});
        return made;
    }

    void opened() {
        wait_for_reader();
        if (!opened_) return end(refusal({opened_.error()}));
        bearer_ = std::move(*opened_);
        const auto known = owner_->writer_->transact_first(
            [&](store::connection& writer) { return check_card(writer, bearer_->iccid()); });
        if (!known) return end(refusal({known.error()}));
        auto plan = plan_of_packets();
        if (!plan) return end(refusal({plan.error()}));
        operations::single_request request;
        request.card = bearer_->iccid();
        request.kind = operations::operation_kind::trial;
        request.writes = what_.writes;
        request.trial = std::move(*plan);
        request.security = what_.security;
        request.any_key_version = false;
        request.smsc = owner_->data_->settings.used_by(what_.way.smscs)->front()->name;
        request.danger_approved_by = asked_.danger_approved_by;
        request.attempts = what_.attempts;
        request.parts_max = what_.parts_max;
        constexpr duration in_a_reader = std::chrono::seconds(10);
        request.por_timeout =
            asked_.por_timeout != duration{} ? asked_.por_timeout : std::min<duration>(what_.por_timeout, in_a_reader);
        asked_of_desk_ = request;
        owner_->desk_->perform_by(
            bearer_, std::move(request),
            [self = shared_from_this()](operations::single_answer made) { self->performed(std::move(made)); });
    }

    result<void> check_card(store::connection& writer, const std::string& iccid) {
        TESSERA_TRY_VALUE(const auto card, cards::card_store(writer).find(iccid));
        if (!card || card->identity.iccid != iccid)
            return failure("not_found", iccid, "the registry does not have the card in the reader");
        if (what_.current_key_set) {
            TESSERA_TRY_VALUE(what_.security.key_version,
                              cards::key_rotation_store(writer).current(card->id, what_.security.key_version));
        }
        TESSERA_TRY_VALUE(const bool meant, campaigns::selects(writer, what_.targets, card->id));
        if (!meant && !asked_.any)
            return failure("no_target", iccid,
                           "the campaign is not for the card in the reader; --any tries it all the same");
        return take_own_contents(writer, card->id);
    }

    // Of contents with variables, the card's.
    result<void> take_own_contents(store::connection& writer, cards::card_id card) {
        if (!what_.is_personal()) return {};
        TESSERA_TRY_VALUE(const auto own, campaigns::writes_for(writer, what_, card));
        if (!own)
            return failure("no_content", bearer_->iccid(),
                           "the card's own content cannot be made: " + operations::describe(own.error()));
        what_ = campaigns::with_writes(what_, *own);
        return {};
    }

    // The campaign's own packets, and what it would ask when it is not sure of them.
    result<operations::trial_plan> plan_of_packets() {
        TESSERA_TRY_VALUE(auto scripts, campaigns::scripts_of(what_));
        operations::trial_plan made;
        made.packets = std::move(scripts.first);
        for (auto& one : scripts.reads)
            made.questions.push_back(
                {std::move(one.commands), to_bytes(one.expected), one.write, one.expect, to_bytes(one.version)});
        made.what = what_.applications.empty() ? std::to_string(what_.writes.size()) + " writes"
                                               : std::to_string(what_.applications.size()) + " applications";
        made.dangers = operations::dangers_of_applications(what_.applications);
        return made;
    }

    void performed(operations::single_answer made) {
        if (made.id.empty())
            return end(
                {status_of_refusal(made.refused->code), json::serialize(operation_answer(asked_of_desk_, made))});
        const auto atr = bearer_->answer_to_reset();
        const trial_result all{what_.name, bearer_->reader(), to_bytes(atr), std::move(made), bearer_->take_trace()};
        end({200, json::serialize(trial_answer(all))});
    }

    void end(const net::http_response& response) {
        owner_->home_->post([self = shared_from_this(), response] {
            self->bearer_.reset();
            self->give_(response);
            self->over_();
        });
    }

    card_trials* owner_;
    trial_request asked_;
    respond give_;
    std::function<void()> over_;
    campaigns::definition what_;
    operations::single_request asked_of_desk_;
    std::thread thread_;
    result<std::unique_ptr<reader_bearer>> opened_ = failure("", "", "");
    std::shared_ptr<reader_bearer> bearer_;
};

card_trials::card_trials(data_directory& data, store::shared_writer& writer, operations::desk& desk,
                         net::event_loop& home)
    : data_(&data), writer_(&writer), desk_(&desk), home_(&home) {}
card_trials::~card_trials() {
    for (const auto& one : open_) one->wait_for_reader();
}

bool card_trials::idle() const { return open_.empty(); }

void card_trials::perform(const std::string& body, respond give) {
    const auto answer = [&](net::http_response made) { home_->post([give, made = std::move(made)] { give(made); }); };
    boost::system::error_code problem;
    const auto parsed = json::parse(body, problem);
    if (problem || !parsed.is_object()) return answer(refusal({{"bad_json", "body", "expected a JSON object"}}));
    auto asked = trial_request_from(parsed.get_object());
    if (!asked) return answer(refusal({asked.error()}));
    if (open_.size() >= limits::card_trials)
        return answer(refusal({{"busy", "reader", "too many cards are being tried at once"}}));
    const auto made = open_.insert(open_.end(), std::make_shared<trial>(*this, std::move(*asked), std::move(give)));
    (*made)->begin([this, made] { open_.erase(made); });
}

}  // namespace tessera::app
