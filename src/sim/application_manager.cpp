#include "sim/application_manager.h"

#include <algorithm>
#include <array>

#include "codec/ber_tlv.h"
#include "codec/cap_file.h"
#include "codec/global_platform.h"

namespace tessera::sim {
namespace {

namespace gp = codec::global_platform;

constexpr std::uint16_t done = 0x9000, wrong_class = 0x6e00, wrong_instruction = 0x6d00, wrong_parameters = 0x6a86,
                        wrong_data = 0x6a80, not_allowed = 0x6985, not_found = 0x6a88, no_room = 0x6a84,
                        wrong_check_value = 0x9485, more_data = 0x6310;
constexpr std::uint8_t ins_get_data = 0xca;
constexpr std::uint16_t tag_load_file_data_block = 0xc4, tag_aid = 0x4f;
constexpr std::size_t memory_octets = 131'072;  // load files of one card
constexpr std::size_t answer_octets_max = 240;  // then 6310, and the rest is asked for again
// The issuer security domain's AID.
constexpr std::array<std::uint8_t, 8> issuer_domain{0xa0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};

bool same(byte_view one, byte_view other) { return std::ranges::equal(one, other); }
bool begins_with(byte_view aid, byte_view part) {
    return aid.size() >= part.size() && same(aid.first(part.size()), part);
}

}  // namespace

void application_manager::begin(std::uint32_t card, const card_keys& keys) {
    state_ = &cards_[card];
    keys_ = &keys;
    key_change_.reset();
}

command_answer application_manager::run_command(const codec::command_apdu& command) {
    data_.clear();
    if ((command.cla & 0x80U) == 0) return {wrong_class, {}};
    // Whatever comes between the pieces of a load file breaks it off (clause 9.3.5).
    if (command.ins != gp::ins_load && command.ins != ins_get_data) state_->under_way.reset();
    std::uint16_t word = wrong_instruction;
    switch (command.ins) {
        case gp::ins_install:
            word = install(command);
            break;
        case gp::ins_load:
            word = load(command);
            if (word != done) state_->under_way.reset();
            break;
        case gp::ins_delete:
            word = remove(command);
            break;
        case gp::ins_get_status:
            word = get_status(command);
            break;
        case gp::ins_put_key:
            word = put_key(command);
            break;
        case ins_get_data:
            word = get_data(command);
            break;
        default:
            break;
    }
    return {word, data_};
}

std::uint16_t application_manager::install(const codec::command_apdu& command) {
    constexpr std::uint8_t for_install = 0x04;
    if (command.p2 != 0) return wrong_parameters;
    std::uint16_t word = wrong_parameters;
    if (command.p1 == gp::p1_for_load) word = install_for_load(command.data);
    if (command.p1 == for_install || command.p1 == gp::p1_for_install_and_make_selectable)
        word = install_application(command.data, command.p1 != for_install);
    if (word == done) data_.push_back(0x00);
    return word;
}

std::uint16_t application_manager::install_for_load(byte_view data) {
    const auto fields = gp::parse_fields(data, 5);
    if (!fields) return wrong_data;
    const auto aid = (*fields)[0];
    const auto domain = (*fields)[1];
    if (!gp::is_aid(aid)) return wrong_data;
    if (!domain.empty() && !same(domain, issuer_domain)) return not_found;
    // Neither data authentication patterns nor delegated management here, so neither hash nor token can be checked.
    if (!(*fields)[2].empty() || !(*fields)[4].empty()) return not_allowed;
    for (const auto& file : state_->files)
        if (same(file.aid, aid)) return not_allowed;
    for (const auto& application : state_->applications)
        if (same(application.aid, aid)) return not_allowed;
    state_->under_way = loading{to_bytes(aid), 0, {}};
    return done;
}

std::uint16_t application_manager::load(const codec::command_apdu& command) {
    if (!state_->under_way) return not_allowed;
    auto& now = *state_->under_way;
    if (command.p2 != now.next_block || now.next_block > 0xff) return wrong_parameters;
    if (command.p1 != gp::p1_more_blocks && command.p1 != gp::p1_last_block) return wrong_parameters;
    if (command.data.empty()) return wrong_data;
    std::size_t used = now.octets.size() + command.data.size();
    for (const auto& file : state_->files) used += file.components.size();
    if (used > memory_octets) return no_room;
    append(now.octets, command.data);
    ++now.next_block;
    if (now.octets[0] != tag_load_file_data_block) return wrong_data;
    if (command.p1 == gp::p1_last_block) {
        const auto word = finish_loading();
        state_->under_way.reset();
        if (word != done) return word;
    }
    data_.push_back(0x00);
    return done;
}

// The load file is whole: one data block, every component with the right length and in order, of the package that was
// announced.
std::uint16_t application_manager::finish_loading() {
    const auto& now = *state_->under_way;
    byte_view rest = now.octets;
    const auto block = codec::take_ber_tlv(rest);
    if (!block || !rest.empty()) return wrong_data;
    const auto package = codec::read_components(block->value);
    if (!package || package->package != now.aid) return wrong_data;
    state_->files.push_back(
        {now.aid, package->version_major, package->version_minor, package->applets, to_bytes(block->value)});
    return done;
}

std::uint16_t application_manager::install_application(byte_view data, bool selectable) {
    constexpr std::uint8_t installed = 0x03;
    constexpr std::uint16_t tag_parameters = 0xc9;
    const auto fields = gp::parse_fields(data, 6);
    if (!fields) return wrong_data;
    const auto file = std::ranges::find_if(state_->files, [&](const auto& one) { return same(one.aid, (*fields)[0]); });
    if (file == state_->files.end()) return not_found;
    const auto module = (*fields)[1];
    if (std::ranges::none_of(file->applets, [&](const auto& one) { return same(one, module); })) return not_found;
    const auto instance = (*fields)[2];
    const auto privileges = (*fields)[3];
    if (!gp::is_aid(instance) || (privileges.size() != 1 && privileges.size() != 3)) return wrong_data;
    if (!codec::find_ber_tlv((*fields)[4], tag_parameters)) return wrong_data;
    if (!(*fields)[5].empty()) return not_allowed;
    for (const auto& one : state_->applications)
        if (same(one.aid, instance)) return not_allowed;
    state_->applications.push_back({to_bytes(instance), file->aid, to_bytes(module), to_bytes(privileges),
                                    to_bytes((*fields)[4]), selectable ? gp::application_selectable : installed});
    return done;
}

std::uint16_t application_manager::remove(const codec::command_apdu& command) {
    if (command.p1 != 0 || (command.p2 != 0 && command.p2 != gp::p2_related_objects)) return wrong_parameters;
    const auto aid = codec::find_ber_tlv(command.data, tag_aid);
    if (!aid) return wrong_data;
    const auto of_it = [&](const installed_application& one) { return same(one.load_file, *aid); };
    auto& files = state_->files;
    auto& applications = state_->applications;
    const auto file = std::ranges::find_if(files, [&](const auto& one) { return same(one.aid, *aid); });
    if (file != files.end()) {
        const bool used = std::ranges::any_of(applications, of_it);
        if (used && command.p2 != gp::p2_related_objects) return not_allowed;
        std::erase_if(applications, of_it);
        files.erase(file);
    } else if (std::erase_if(applications, [&](const auto& one) { return same(one.aid, *aid); }) == 0) {
        return not_found;
    }
    data_.push_back(0x00);
    return done;
}

void application_manager::list(byte_view aid, std::uint8_t life_cycle, byte_view privileges, byte_view version,
                               bool tlv) {
    if (!tlv) {
        data_.push_back(static_cast<std::uint8_t>(aid.size()));
        append(data_, aid);
        data_.push_back(life_cycle);
        data_.push_back(privileges.empty() ? std::uint8_t{0} : privileges[0]);
        return;
    }
    bytes object;
    codec::append_ber_tlv(object, tag_aid, aid);
    codec::append_ber_tlv(object, 0x9f70, byte_view(&life_cycle, 1));
    if (!privileges.empty()) codec::append_ber_tlv(object, 0xc5, privileges);
    if (!version.empty()) codec::append_ber_tlv(object, 0xce, version);
    codec::append_ber_tlv(data_, 0xe3, object);
}

void application_manager::list_applications(byte_view aid, bool tlv) {
    for (const auto& one : state_->applications)
        if (begins_with(one.aid, aid)) list(one.aid, one.life_cycle, one.privileges, {}, tlv);
}

void application_manager::list_files(byte_view aid, bool tlv) {
    for (const auto& one : state_->files) {
        const std::array version{one.version_major, one.version_minor};
        if (begins_with(one.aid, aid)) list(one.aid, gp::load_file_loaded, {}, version, tlv);
    }
}

std::uint16_t application_manager::get_status(const codec::command_apdu& command) {
    constexpr std::uint8_t tlv_form = 0x02, issuer = 0x80, files_and_modules = 0x10, secured = 0x0f;
    if ((command.p2 & ~tlv_form) != 0) return command.p2 == 0x01 || command.p2 == 0x03 ? not_allowed : wrong_parameters;
    const auto aid = codec::find_ber_tlv(command.data, tag_aid);
    if (!aid) return wrong_data;
    const bool tlv = command.p2 == tlv_form;
    const std::array<std::uint8_t, 1> privileges{0x9e};
    if ((command.p1 & issuer) != 0 && begins_with(issuer_domain, *aid))
        list(issuer_domain, secured, privileges, {}, tlv);
    if ((command.p1 & static_cast<std::uint8_t>(gp::status_of::applications)) != 0) list_applications(*aid, tlv);
    if ((command.p1 & (static_cast<std::uint8_t>(gp::status_of::load_files) | files_and_modules)) != 0)
        list_files(*aid, tlv);
    if (data_.empty()) return not_found;
    if (data_.size() <= answer_octets_max) return done;
    data_.clear();  // so many objects fit no answer; who asks for fewer gets them
    return more_data;
}

// The key information template (clause 11.3.3.1): which key sets there are.
std::uint16_t application_manager::get_data(const codec::command_apdu& command) {
    constexpr std::uint8_t key_information = 0xe0;
    if (command.p1 != 0 || command.p2 != key_information) return not_found;
    bytes keys;
    for (const auto version : keys_->versions)
        for (std::uint8_t identifier = 1; identifier <= 3; ++identifier)
            codec::append_ber_tlv(keys, 0xc0, std::array<std::uint8_t, 2>{identifier, version});
    codec::append_ber_tlv(data_, key_information, keys);
    return done;
}

std::uint16_t application_manager::put_key(const codec::command_apdu& command) {
    constexpr std::uint8_t three_keys_from_1 = 0x81, version_max = 15;
    constexpr std::size_t keys_wanted = 3;
    if (command.p2 != three_keys_from_1 || command.data.empty()) return wrong_parameters;
    const auto has = [&](std::uint8_t version) {
        return std::ranges::find(keys_->versions, version) != keys_->versions.end();
    };
    const auto version = command.data[0];
    if (command.p1 != 0 && !has(command.p1)) return not_found;
    if (version == 0 || version > version_max || (version != command.p1 && has(version))) return wrong_data;
    if (keys_->encryption_key.empty()) return not_allowed;
    auto received = gp::parse_put_key(crypto_, command.data.subspan(1), keys_->encryption, keys_->encryption_key);
    if (!received || received->size() != keys_wanted) return wrong_data;
    data_.push_back(version);
    key_change change{.replaced = command.p1, .version = version, .algorithms = {}, .keys = {}};
    for (std::size_t i = 0; i < keys_wanted; ++i) {
        auto& one = (*received)[i];
        const auto check = gp::key_check_value(crypto_, one.algorithm, one.key.reveal());
        if (!check || !same(*check, one.check_value)) {
            data_.clear();
            return wrong_check_value;
        }
        append(data_, *check);
        change.algorithms[i] = one.algorithm;
        change.keys[i] = std::move(one.key);
    }
    key_change_ = std::move(change);
    return done;
}

std::vector<installed_application> application_manager::applications(std::uint32_t card) const {
    const auto found = cards_.find(card);
    return found == cards_.end() ? std::vector<installed_application>() : found->second.applications;
}
std::vector<loaded_file> application_manager::load_files(std::uint32_t card) const {
    const auto found = cards_.find(card);
    return found == cards_.end() ? std::vector<loaded_file>() : found->second.files;
}

}  // namespace tessera::sim
