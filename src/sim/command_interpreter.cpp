#include "sim/command_interpreter.h"

#include <algorithm>

#include "base/secret.h"
#include "codec/remote_management.h"
#include "sim/limits.h"

namespace tessera::sim {
namespace {

constexpr std::array<std::uint8_t, file_octets_max> erased = [] {
    std::array<std::uint8_t, file_octets_max> octets{};
    octets.fill(0xff);
    return octets;
}();

constexpr std::uint16_t done = 0x9000, wrong_length = 0x6700, wrong_class = 0x6e00, wrong_instruction = 0x6d00;
constexpr std::uint8_t record_absolute = 4, record_next = 2, record_previous = 3;
constexpr std::uint16_t id_iccid = 0x2fe2, id_imsi = 0x6f07;

}  // namespace

enum class command_interpreter::refusal : std::uint8_t {
    file_not_found,
    access_denied,
    no_file_selected,
    outside_file,
    wrong_structure,
    record_not_found,
    code_blocked,
    wrong_parameters,
};

// Each as TS 102 221 clause 10.2.1 says it, and as TS 51.011 clause 9.4 does for class A0.
std::uint16_t command_interpreter::word(refusal why) const {
    struct pair {
        std::uint16_t present;
        std::uint16_t older;
    };
    constexpr std::array<pair, 8> words{{{0x6a82, 0x9404},
                                         {0x6982, 0x9804},
                                         {0x6986, 0x9400},
                                         {0x6b00, 0x9402},
                                         {0x6981, 0x9408},
                                         {0x6a83, 0x9402},
                                         {0x6983, 0x9840},
                                         {0x6a86, 0x6b00}}};
    const auto& chosen = words[static_cast<std::size_t>(why)];
    return older_class_ ? chosen.older : chosen.present;
}

command_interpreter::outcome command_interpreter::run(std::uint32_t card, const card_identity& identity,
                                                      verification_attempts& attempts, file_index start,
                                                      byte_view script) {
    begin(card, identity, attempts, {.directory = start});
    outcome result{.executed = 0, .status_word = done, .data = {}};
    while (!script.empty() && result.executed < limits::script_commands) {
        data_.clear();
        ++result.executed;
        const auto command = codec::take_compact_command(script);
        if (!command) {
            result.status_word = command.error().code == "truncated" ? wrong_length : wrong_instruction;
            break;
        }
        result.status_word = execute(*command);
        if (!codec::is_success(result.status_word)) break;
    }
    end();
    result.data = data_;
    return result;
}

void command_interpreter::begin(std::uint32_t card, const card_identity& identity, verification_attempts& attempts,
                                const script_context& context) {
    card_ = card;
    identity_ = &identity;
    attempts_ = &attempts;
    directory_ = context.directory;
    elementary_ = context.elementary;
    record_ = context.record;
    verified_pin1_ = verified_adm1_ = true;
    verified_adm2_ = context.verified_adm2;
    description_.clear();
    written_.clear();
    data_.clear();
}

command_answer command_interpreter::run_command(const codec::command_apdu& command) {
    data_.clear();
    const auto word = execute(command);
    return {word, data_};
}

script_context command_interpreter::end() {
    for (const auto file : written_) files_.count_packet(card_, file);
    return {directory_, elementary_, record_, verified_adm2_};
}

void command_interpreter::begin_session(std::uint32_t card, const card_identity& identity,
                                        verification_attempts& attempts) {
    card_ = card;
    identity_ = &identity;
    attempts_ = &attempts;
    directory_ = master_file;
    elementary_ = no_file;
    record_ = 0;
    verified_pin1_ = verified_adm1_ = verified_adm2_ = false;
    description_.clear();
}

command_interpreter::outcome command_interpreter::run_next(const codec::command_apdu& command) {
    data_.clear();
    written_.clear();
    const auto status_word = execute(command);
    return {.executed = 1, .status_word = status_word, .data = data_};
}

byte_view command_interpreter::content(std::uint32_t card, const card_identity& identity, file_index file) const {
    if (const auto changed = files_.content(card, file)) return *changed;
    const auto& entry = file_at(file);
    if (entry.id == id_iccid) return identity.iccid;
    if (entry.id == id_imsi) return identity.imsi;
    return byte_view(erased).first(entry.size);
}

std::uint16_t command_interpreter::execute(const codec::command_apdu& command) {
    using namespace codec;
    older_class_ = command.cla == 0xa0;
    // In the present class STATUS alone is 80 (TS 102 221 table 10.5).
    const std::uint8_t expected_class = command.ins == instruction::status ? 0x80 : 0x00;
    if (!older_class_ && command.cla != expected_class)
        return command.cla == 0x00 || command.cla == 0x80 ? wrong_instruction : wrong_class;
    if (command.ins != instruction::get_response && command.ins != instruction::select) description_.clear();
    switch (command.ins) {
        case instruction::select:
            return select(command);
        case instruction::read_binary:
            return read_binary(command);
        case instruction::update_binary:
            return update_binary(command);
        case instruction::read_record:
            return read_record(command);
        case instruction::update_record:
            return update_record(command);
        case instruction::verify:
            return verify(command);
        case instruction::status:
            return status(command);
        case instruction::get_response:
            return get_response(command);
        default:
            return wrong_instruction;
    }
}

std::uint16_t command_interpreter::select(const codec::command_apdu& command) {
    enum : std::uint8_t {
        by_id = 0,
        child_directory = 1,
        parent = 3,
        by_name = 4,
        path_from_mf = 8,
        path_from_here = 9
    };
    description_.clear();
    file_index found = no_file;
    if (older_class_ && (command.p1 != 0 || command.p2 != 0)) return word(refusal::wrong_parameters);
    switch (command.p1) {
        case by_id:
        case child_directory: {
            if (command.data.empty() && command.p1 == by_id) {
                found = master_file;
                break;
            }
            if (command.data.size() != 2) return wrong_length;
            const auto id = static_cast<std::uint16_t>(load_big_endian(command.data));
            found = command.p1 == by_id ? select_by_id(directory_, id) : child_of(directory_, id);
            if (command.p1 == child_directory && found != no_file && !file_at(found).is_directory()) found = no_file;
            break;
        }
        case parent:
            found = parent_of(directory_);
            break;
        case by_name:
            found = application_by_name(command.data);
            break;
        case path_from_mf:
        case path_from_here:
            if (refuses_paths_) return word(refusal::wrong_parameters);
            if (command.data.empty() || command.data.size() % 2 != 0) return wrong_length;
            found = select_by_path(command.p1 == path_from_mf ? master_file : directory_, command.data);
            break;
        default:
            return word(refusal::wrong_parameters);
    }
    if (found == no_file) return word(refusal::file_not_found);
    elementary_ = file_at(found).is_directory() ? no_file : found;
    directory_ = file_at(found).is_directory() ? found : parent_of(found);
    record_ = 0;
    constexpr std::uint8_t return_nothing = 0x0c, return_mask = 0x1c;
    if (!older_class_ && (command.p2 & return_mask) == return_nothing) return done;
    describe_file(found);
    return static_cast<std::uint16_t>((older_class_ ? 0x9f00U : 0x6100U) | description_.size());
}

bool command_interpreter::granted(access_condition condition) const {
    switch (condition) {
        case access_condition::always:
            return true;
        case access_condition::pin1:
            return verified_pin1_;
        case access_condition::adm1:
            return verified_adm1_;
        case access_condition::adm2:
            return verified_adm2_;
        case access_condition::never:
            break;
    }
    return false;
}

// What every access to the selected file checks first; done when it may go on.
std::uint16_t command_interpreter::prepare_access(bool updating, bool records) const {
    if (elementary_ == no_file) return word(refusal::no_file_selected);
    const auto& file = file_at(elementary_);
    if ((file.record_octets != 0) != records) return word(refusal::wrong_structure);
    if (!granted(updating ? file.update : file.read)) return word(refusal::access_denied);
    return done;
}

// P1 P2 of READ and UPDATE BINARY: an offset of 15 bits, or a short file identifier and an offset of 8.
std::uint16_t command_interpreter::binary_target(const codec::command_apdu& command, std::size_t& offset) {
    if ((command.p1 & 0x80U) == 0) {
        offset = static_cast<std::size_t>(command.p1) << 8U | command.p2;
        return done;
    }
    if (older_class_ || (command.p1 & 0x60U) != 0) return word(refusal::wrong_parameters);
    const auto file = child_by_short_id(directory_, command.p1 & 0x1fU);
    if (file == no_file) return word(refusal::file_not_found);
    elementary_ = file;
    record_ = 0;
    offset = command.p2;
    return done;
}

std::uint16_t command_interpreter::read_binary(const codec::command_apdu& command) {
    std::size_t offset = 0;
    if (const auto refused = binary_target(command, offset); refused != done) return refused;
    if (const auto refused = prepare_access(false, false); refused != done) return refused;
    const auto octets = current_content();
    if (offset >= octets.size()) return word(refusal::outside_file);
    const auto there = octets.size() - offset;
    std::size_t wanted = command.expected.value_or(256);
    if (wanted == 256) wanted = std::min<std::size_t>(there, 256);  // Le 00: as much as there is
    if (wanted > there) return static_cast<std::uint16_t>((older_class_ ? 0x6700U : 0x6c00U) | (there & 0xffU));
    append(data_, octets.subspan(offset, wanted));
    return done;
}

void command_interpreter::store(byte_view octets) {
    files_.write(card_, elementary_, octets);
    if (std::ranges::find(written_, elementary_) == written_.end()) written_.push_back(elementary_);
}

std::uint16_t command_interpreter::update_binary(const codec::command_apdu& command) {
    std::size_t offset = 0;
    if (const auto refused = binary_target(command, offset); refused != done) return refused;
    if (const auto refused = prepare_access(true, false); refused != done) return refused;
    const std::size_t size = file_at(elementary_).size;
    if (offset >= size) return word(refusal::outside_file);
    if (command.data.empty() || command.data.size() > size - offset) return wrong_length;
    if (command.data.size() == size) {
        store(command.data);
        return done;
    }
    const auto before = current_content();
    scratch_.assign(before.begin(), before.end());
    std::ranges::copy(command.data, scratch_.begin() + static_cast<std::ptrdiff_t>(offset));
    store(scratch_);
    return done;
}

// P1 P2 of READ and UPDATE RECORD (TS 102 221 clauses 11.1.5, 11.1.6): picks the file by its SFI if one is given, and
// the record by mode, moving the record pointer as NEXT and PREVIOUS do.
command_interpreter::record_target command_interpreter::record_number(const codec::command_apdu& command) {
    const std::uint8_t short_id = command.p2 >> 3U;
    if (short_id != 0) {
        if (older_class_) return {0, word(refusal::wrong_parameters)};
        const auto file = child_by_short_id(directory_, short_id);
        if (file == no_file) return {0, word(refusal::file_not_found)};
        elementary_ = file;
        record_ = 0;
    }
    if (elementary_ == no_file) return {0, word(refusal::no_file_selected)};
    const auto& file = file_at(elementary_);
    if (file.record_octets == 0) return {0, word(refusal::wrong_structure)};
    const std::size_t count = file.size / file.record_octets;
    const bool around = file.kind == file_kind::cyclic;
    const auto mode = command.p2 & 7U;
    std::size_t number = 0;
    if (mode == record_absolute) {
        number = command.p1 == 0 ? record_ : command.p1;
    } else if (mode == record_next) {
        number = record_ < count ? record_ + 1 : (around ? 1 : 0);
    } else if (mode == record_previous) {
        number = record_ > 1 ? record_ - 1 : (around || record_ == 0 ? count : 0);
    } else {
        return {0, word(refusal::wrong_parameters)};
    }
    if (number == 0 || number > count) return {0, word(refusal::record_not_found)};
    if (mode != record_absolute) record_ = number;
    return {number, 0};
}

std::uint16_t command_interpreter::read_record(const codec::command_apdu& command) {
    const auto target = record_number(command);
    if (target.number == 0) return target.refused;
    if (const auto refused = prepare_access(false, true); refused != done) return refused;
    const std::size_t length = file_at(elementary_).record_octets;
    const std::size_t wanted = command.expected.value_or(256);
    if (wanted != 256 && wanted != length)
        return static_cast<std::uint16_t>((older_class_ ? 0x6700U : 0x6c00U) | length);
    append(data_, current_content().subspan((target.number - 1) * length, length));
    return done;
}

std::uint16_t command_interpreter::update_record(const codec::command_apdu& command) {
    const auto target = record_number(command);
    if (target.number == 0) return target.refused;
    if (const auto refused = prepare_access(true, true); refused != done) return refused;
    const auto& file = file_at(elementary_);
    if (command.data.size() != file.record_octets) return wrong_length;
    const auto before = current_content();
    scratch_.assign(before.begin(), before.end());
    auto at = static_cast<std::ptrdiff_t>((target.number - 1) * file.record_octets);
    if (file.kind == file_kind::cyclic) {
        // Only PREVIOUS writes a cyclic file: over its oldest record, which becomes the first.
        if ((command.p2 & 7U) != record_previous || command.p1 != 0) return word(refusal::wrong_parameters);
        std::rotate(scratch_.begin(), scratch_.end() - file.record_octets, scratch_.end());
        at = 0;
        record_ = 1;
    }
    std::ranges::copy(command.data, scratch_.begin() + at);
    store(scratch_);
    return done;
}

std::uint16_t command_interpreter::verify(const codec::command_apdu& command) {
    enum : std::uint8_t { pin1 = 0x01, adm1 = 0x0a, adm2 = 0x0b };
    std::uint8_t* left = nullptr;
    byte_view code;
    switch (command.p2) {
        case pin1:
            left = &attempts_->pin1, code = pin1_code;
            break;
        case adm1:
            left = &attempts_->adm1, code = adm1_code;
            break;
        case adm2:
            left = &attempts_->adm2, code = adm2_code;
            break;
        default:
            return older_class_ ? word(refusal::wrong_parameters) : std::uint16_t{0x6a88};
    }
    const auto failed = [&] {
        return older_class_ ? word(refusal::access_denied) : static_cast<std::uint16_t>(0x63c0U | *left);
    };
    if (command.p1 != 0) return word(refusal::wrong_parameters);
    if (*left == 0) return word(refusal::code_blocked);
    if (command.data.empty() && !older_class_) return failed();  // asks for the attempts left
    if (command.data.size() != code.size()) return wrong_length;
    if (!equal_constant_time(command.data, code)) {
        --*left;
        return *left == 0 ? word(refusal::code_blocked) : failed();
    }
    const verification_attempts fresh;
    *left = command.p2 == pin1 ? fresh.pin1 : command.p2 == adm1 ? fresh.adm1 : fresh.adm2;
    (command.p2 == pin1 ? verified_pin1_ : command.p2 == adm1 ? verified_adm1_ : verified_adm2_) = true;
    return done;
}

// The FCP template (TS 102 221 clause 11.1.1.3), or the older class' description (TS 51.011 clause 9.2.1), into
// description_: what is needed to know the file's size and structure.
void command_interpreter::describe_file(file_index index) {
    const auto& file = file_at(index);
    auto& out = description_;
    out.clear();
    const auto id_high = static_cast<std::uint8_t>(file.id >> 8U), id_low = static_cast<std::uint8_t>(file.id);
    const auto size_high = static_cast<std::uint8_t>(file.size >> 8U), size_low = static_cast<std::uint8_t>(file.size);
    const auto record = static_cast<std::uint8_t>(file.record_octets);
    if (older_class_) {
        const std::uint8_t type = file.kind == file_kind::master ? 1 : file.is_directory() ? 2 : 4;
        if (file.is_directory()) {
            out.assign(
                {0, 0, 0xff, 0xff, id_high, id_low, type, 0, 0, 0, 0, 0, 9, 0x91, 0, 0, 4, 0, 0x83, 0x8a, 0x83, 0x8a});
            return;
        }
        const std::uint8_t structure = file.kind == file_kind::transparent ? 0 : file.kind == file_kind::cyclic ? 3 : 1;
        out.assign({0, 0, size_high, size_low, id_high, id_low, type, 0, 0, 0, 0, 1, 2, structure, record});
        return;
    }
    out.assign({0x62, 0});
    if (file.is_directory()) {
        append(out, std::to_array<std::uint8_t>({0x82, 2, 0x78, 0x21}));
    } else if (file.record_octets == 0) {
        append(out, std::to_array<std::uint8_t>({0x82, 2, 0x41, 0x21}));
    } else {
        const std::uint8_t descriptor = file.kind == file_kind::cyclic ? 0x46 : 0x42;
        const auto count = static_cast<std::uint8_t>(file.size / file.record_octets);
        append(out, std::to_array<std::uint8_t>({0x82, 5, descriptor, 0x21, 0, record, count}));
    }
    append(out, std::to_array<std::uint8_t>({0x83, 2, id_high, id_low, 0x8a, 1, 5}));
    if (!file.is_directory()) append(out, std::to_array<std::uint8_t>({0x80, 2, size_high, size_low}));
    if (file.short_id != 0)
        append(out, std::to_array<std::uint8_t>({0x88, 1, static_cast<std::uint8_t>(file.short_id << 3U)}));
    out[1] = static_cast<std::uint8_t>(out.size() - 2);
}

std::uint16_t command_interpreter::status(const codec::command_apdu& command) {
    constexpr std::uint8_t return_nothing = 0x0c, as_select = 0x00;
    if (!older_class_ && command.p2 == return_nothing) return done;
    if (command.p2 != as_select) return word(refusal::wrong_parameters);
    describe_file(directory_);
    return get_response(command);
}

std::uint16_t command_interpreter::get_response(const codec::command_apdu& command) {
    if (description_.empty()) return 0x6f00;
    const std::size_t wanted = command.expected.value_or(256);
    if (wanted != 256 && wanted > description_.size())
        return static_cast<std::uint16_t>((older_class_ ? 0x6700U : 0x6c00U) | description_.size());
    append(data_, byte_view(description_).first(std::min(wanted, description_.size())));
    description_.clear();
    return done;
}

}  // namespace tessera::sim
