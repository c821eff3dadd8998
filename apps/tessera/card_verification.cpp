#include "tessera/card_verification.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/hex.h"
#include "base/limits.h"
#include "cards/store.h"
#include "operations/file_path.h"
#include "tessera/operation_json.h"
#include "tessera/service_route.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct wanted_file {
    std::string file;
    std::optional<std::uint16_t> record;  // nothing: every record that the image knows, or the transparent file
};

result<std::vector<wanted_file>> wanted_files(const json::value& from) {
    if (!from.is_array() || from.get_array().empty() || from.get_array().size() > limits::packets_per_card)
        return failure("bad_type", "files",
                       "expected a list of 1 to " + std::to_string(limits::packets_per_card) + " files");
    std::vector<wanted_file> made;
    for (const auto& one : from.get_array()) {
        const auto* object = one.if_object();
        const auto* name = object == nullptr ? nullptr : object->if_contains("file");
        if (name == nullptr || !name->is_string()) return failure("missing_field", "file", "expected a file's name");
        TESSERA_TRY_VALUE(auto found, operations::find_file(std::string_view(name->get_string())));
        wanted_file wanted{std::move(found.path), std::nullopt};
        for (const auto& [key, value] : *object) {
            if (key == "file") continue;
            if (key != "record") return failure("unknown_field", std::string(key), "there is no such field");
            if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > 254)
                return failure("bad_range", "record", "expected a whole number from 1 to 254");
            wanted.record = static_cast<std::uint16_t>(value.get_int64());
        }
        made.push_back(std::move(wanted));
    }
    return made;
}

struct planned_file {
    std::string file;
    std::uint16_t record = 0;
    std::uint32_t application = 0;  // 0: none has proved it
};

struct plan {
    std::string iccid;
    std::vector<planned_file> files;
};

result<plan> plan_for(store::connection& database, const std::string& name,
                      const std::optional<std::vector<wanted_file>>& wanted) {
    cards::card_store cards(database);
    TESSERA_TRY_VALUE(const auto card, cards.find(name));
    if (!card) return failure("not_found", name, "the registry has no card with this ICCID, IMSI or MSISDN");
    TESSERA_TRY_VALUE(const auto terminal, cards.terminal_port(card->id));
    if (terminal)
        return failure("wrong_kind", card->identity.iccid,
                       "is a mobile terminal, which has no files of a card; what its settings became, the reports of "
                       "campaigns say");
    TESSERA_TRY_VALUE(const auto image, cards.image(card->id));
    plan made{card->identity.iccid, {}};
    const auto add = [&](const cards::image_entry& entry) {
        made.files.push_back(
            {entry.file, entry.record, entry.proof.counter == 0 ? std::uint32_t{0} : entry.proof.application});
    };
    if (!wanted) {
        std::ranges::for_each(image, add);
        return made;
    }
    for (const auto& one : *wanted) {
        const auto before = made.files.size();
        for (const auto& entry : image)
            if (entry.file == one.file && (!one.record || entry.record == *one.record)) add(entry);
        if (made.files.size() == before) made.files.push_back({one.file, one.record.value_or(0), 0});
    }
    return made;
}

// One verification, kept alive by the operation under way.
class verification : public std::enable_shared_from_this<verification> {
public:
    verification(operations::desk& desk, plan what, json::object request, std::function<void(net::http_response)> give)
        : desk_(&desk), plan_(std::move(what)), request_(std::move(request)), give_(std::move(give)) {}

    void next() {
        if (done_.size() == plan_.files.size() || hung_up_) return end();
        auto request = request_for(plan_.files[done_.size()]);
        if (!request) return give_(refusal_response(request.error()));
        place_ = desk_->perform(*request, [self = shared_from_this(), asked = *request](
                                              const operations::single_answer& made) { self->take(asked, made); });
    }

    // What is being read goes on; the rest is left.
    void hang_up() {
        hung_up_ = true;
        give_(refusal_response(after_hang_up(*place_, plan_.iccid)));
    }

private:
    result<operations::single_request> request_for(const planned_file& file) {
        auto asked = request_;
        asked["kind"] = "verify";
        asked["file"] = file.file;
        if (file.record != 0) asked["record"] = file.record;
        if (!asked.contains("tar") && file.application != 0) {
            bytes octets;
            append_big_endian(octets, file.application, 3);
            asked["tar"] = to_hex(octets);
        }
        return operation_request(plan_.iccid, asked);
    }

    void take(const operations::single_request& asked, const operations::single_answer& made) {
        auto answer = operation_answer(asked, made);
        if (made.refused) {
            // Nothing was read yet: the whole is refused. Later it is this file that could not be.
            if (done_.empty()) return give_({refusal_response(*made.refused).status, json::serialize(answer)});
            answer = {{"file", asked.file.file},
                      {"record", asked.file.record == 0 ? json::value(nullptr) : json::value(asked.file.record)},
                      {"state", "unreadable"},
                      {"cause", made.refused->code + ": " + made.refused->message}};
        }
        for (const auto* common : {"iccid", "operation", "outcome", "packets", "attempts"}) answer.erase(common);
        ++counts_[std::string(made.refused ? "unreadable" : to_string(made))];
        done_.push_back(std::move(answer));
        next();
    }

    void end() {
        json::object made{{"iccid", plan_.iccid}, {"files", std::move(done_)}};
        for (const auto* state : {"same", "differs", "new", "unreadable", "overtaken"}) made[state] = counts_[state];
        give_({200, json::serialize(made)});
    }

    operations::desk* desk_;
    plan plan_;
    json::object request_;
    std::function<void(net::http_response)> give_;
    std::shared_ptr<operations::operation_place> place_ = std::make_shared<operations::operation_place>();
    bool hung_up_ = false;
    json::array done_;
    std::map<std::string, int> counts_;
};

}  // namespace

void verify_card(operations::desk& desk, store::shared_writer& writer, const std::string& card,
                 const json::object& asked, const net::local_http_server::notice_hang_up& on_hang_up,
                 const net::local_http_server::respond& give) {
    auto request = asked;
    std::optional<std::vector<wanted_file>> wanted;
    if (const auto* files = request.if_contains("files"); files != nullptr && !files->is_null()) {
        auto found = wanted_files(*files);
        if (!found) return give(refusal_response(found.error()));
        wanted = std::move(*found);
    }
    request.erase("files");
    for (const auto* own : {"kind", "file", "record", "content", "value", "length", "commands"})
        if (request.contains(own))
            return give(refusal_response({"unknown_field", own, "a verification has no such field"}));
    auto what = writer.transact_first(
        [&](store::connection& database) -> result<plan> { return plan_for(database, card, wanted); });
    if (!what) return give(refusal_response(what.error()));
    const auto made = std::make_shared<verification>(desk, std::move(*what), std::move(request), give);
    on_hang_up([made] { made->hang_up(); });
    made->next();
}

error after_hang_up(operations::operation_place& place, const std::string& card) {
    if (place.withdraw()) return {"withdrawn", card, "was withdrawn before anything began: nothing was sent"};
    return {
        "goes_on", card,
        "has begun and goes on in the process that owns the data directory; what becomes of it: tessera card show " +
            card};
}

}  // namespace tessera::app
