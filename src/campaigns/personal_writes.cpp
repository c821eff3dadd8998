#include "campaigns/personal_writes.h"

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/text_template.h"
#include "codec/uicc_files.h"
#include "operations/setting.h"

namespace tessera::campaigns {
namespace {

using codec::file_value;

text_template::lookup variables_of(const cards::card& card, std::vector<cards::card_variable> own) {
    return [&card, own = std::move(own)](std::string_view name) -> std::optional<std::string> {
        const auto given = [](std::string text) {
            return text.empty() ? std::nullopt : std::optional(std::move(text));
        };
        if (name == "iccid") return given(card.identity.iccid);
        if (name == "imsi") return given(card.identity.imsi);
        if (name == "msisdn")
            return card.identity.msisdn == 0 ? std::nullopt : given(std::to_string(card.identity.msisdn));
        for (const auto& one : own)
            if (one.name == name) return one.value;
        return std::nullopt;
    };
}

result<std::string> filled(std::string_view text, const text_template::lookup& value_of) {
    if (!has_variables(text)) return std::string(text);
    TESSERA_TRY_VALUE(const auto parsed, text_template::parse(text));
    return parsed.fill(value_of);
}

// Every text in the value filled in; numbers and names of members are as they are.
result<file_value> filled(const file_value& from, const text_template::lookup& value_of) {
    if (const auto* text = std::get_if<std::string>(&from.held())) {
        TESSERA_TRY_VALUE(auto made, filled(std::string_view(*text), value_of));
        return file_value(std::move(made));
    }
    if (const auto* list = std::get_if<file_value::list>(&from.held())) {
        file_value::list made;
        for (const auto& one : *list) {
            TESSERA_TRY_VALUE(auto element, filled(one, value_of));
            made.push_back(std::move(element));
        }
        return file_value(std::move(made));
    }
    if (const auto* map = std::get_if<file_value::map>(&from.held())) {
        file_value::map made;
        for (const auto& one : *map) {
            TESSERA_TRY_VALUE(auto member, filled(one.value, value_of));
            made.push_back({one.name, std::move(member)});
        }
        return file_value(std::move(made));
    }
    return from;
}

result<bytes> content_of(const personal_write& one, const operations::file_write& write,
                         const text_template::lookup& value_of) {
    if (!one.value) {
        TESSERA_TRY_VALUE(const auto text, filled(std::string_view(one.content), value_of));
        return one.as_text ? result<bytes>(to_bytes(as_bytes(text))) : from_hex(text);
    }
    const auto* known = codec::find_uicc_file(write.file);
    if (known == nullptr) return failure("bad_value", write.file, "nothing is known of this file");
    TESSERA_TRY_VALUE(const auto value, filled(*one.value, value_of));
    return codec::encode_file(*known, value, one.length);
}

}  // namespace

result<own_writes> writes_for(store::connection& database, const definition& what, cards::card_id id) {
    cards::card_store cards(database);
    TESSERA_TRY_VALUE(const auto card, cards.get(id));
    TESSERA_TRY_VALUE(auto own, cards.variables(id));
    const auto value_of = variables_of(card, std::move(own));
    auto made = what.writes;
    for (const auto& one : what.personal) {
        auto& write = made[one.write];
        auto content = content_of(one, write, value_of);
        if (!content && content.error().code == "no_variable")
            return own_writes(std::unexpect, operations::no_variable(content.error().field));
        const auto most = write.record != 0 ? std::size_t{255} : limits::file_content_octets;
        const auto number = static_cast<std::int64_t>(one.write) + 1;
        if (!content || content->empty() || content->size() > most)
            return own_writes(std::unexpect, operations::cause{operations::cause_kind::bad_variable, number, 0});
        write.content = std::move(*content);
    }
    const auto octets = operations::script_octets_max(what.parts_max, what.is_for_terminals());
    const auto too_long = [&](const operations::file_write& write) {
        if (what.is_for_terminals()) return !operations::setting_fits(write, what.style.at_most(octets));
        return write.record != 0 && write.content.size() + operations::record_overhead > octets;
    };
    for (std::size_t i = 0; i < made.size(); ++i)
        if (too_long(made[i]))
            return own_writes(std::unexpect, operations::cause{operations::cause_kind::bad_variable,
                                                               static_cast<std::int64_t>(i) + 1, 0});
    return own_writes(std::move(made));
}

result<void> formatted_writes::load(store::connection& reader, campaign_key key, cards::card_id first,
                                    cards::card_id last) {
    own_.clear();
    if (!what_->is_personal()) return {};
    TESSERA_TRY_VALUE(const auto rows, campaign_store(reader).contents(key, first, last));
    for (const auto& row : rows) {
        auto& writes = own_.try_emplace(row.card.value, what_->writes).first->second;
        if (row.place < writes.size()) writes[row.place].content = row.content;
    }
    return {};
}

const std::vector<operations::file_write>& formatted_writes::of(cards::card_id card) const {
    const auto found = own_.find(card.value);
    return found == own_.end() ? what_->writes : found->second;
}

definition with_writes(const definition& what, const std::vector<operations::file_write>& writes) {
    auto made = what;
    made.writes = writes;
    made.personal.clear();
    return made;
}

}  // namespace tessera::campaigns
