#include "sim/card_list.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <utility>

#include "base/hex.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/system_error.h"
#include "sim/limits.h"

namespace tessera::sim {
namespace {

enum column : std::size_t {
    column_iccid,
    column_imsi,
    column_msisdn,
    column_profile,
    column_kvn,
    column_kic_algorithm,
    column_kic_key,
    column_kid_algorithm,
    column_kid_key,
    column_counter,
    column_tags,
    column_tar,
    column_counter_scope,
    column_dek_algorithm,
    column_dek_key,
    column_kind,
    column_port,
    column_count
};
constexpr std::array<std::string_view, column_count> column_names{
    "iccid",         "imsi",          "msisdn",  "profile", "kvn",  "kic_algorithm",
    "kic_key",       "kid_algorithm", "kid_key", "counter", "tags", "tar",
    "counter_scope", "dek_algorithm", "dek_key", "kind",    "port"};
constexpr bool optional(std::size_t which) { return which == column_profile || which >= column_counter; }
constexpr std::size_t columns_max = 32;
constexpr std::uint32_t added_keys = ~std::uint32_t{0};  // instead of a place in the arena
constexpr std::uint8_t key_version_max = 15;

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Swapped nibbles, F where digits end (3GPP TS 23.040 clause 9.1.2.3); `first` is the nibble to begin with.
void store_digits(std::string_view digits, std::span<std::uint8_t> to, std::size_t first = 0) {
    std::ranges::fill(to, std::uint8_t{0xff});
    for (std::size_t i = 0; i < digits.size(); ++i) {
        auto& octet = to[(first + i) / 2];
        const auto digit = static_cast<unsigned>(digits[i] - '0');
        octet =
            static_cast<std::uint8_t>((first + i) % 2 == 0 ? (octet & 0xf0U) | digit : (octet & 0x0fU) | digit << 4U);
    }
}

// EF.IMSI (TS 31.102 clause 4.2.2): length, then the parity nibble 9 (odd count of digits) or 1, then the digits.
std::array<std::uint8_t, 9> imsi_content(std::string_view digits) {
    std::array<std::uint8_t, 9> content{};
    store_digits(digits, std::span(content).subspan(1), 1);
    content[0] = static_cast<std::uint8_t>((digits.size() + 2) / 2);
    content[1] = static_cast<std::uint8_t>((content[1] & 0xf0U) | (digits.size() % 2 == 1 ? 9U : 1U));
    return content;
}

std::uint64_t hash_iccid(const std::array<std::uint8_t, 10>& iccid) {
    const byte_view octets(iccid);
    return mix64(load_big_endian(octets.first(8)) ^ mix64(load_big_endian(octets.subspan(8)) + 1));
}

}  // namespace

// Reads rows one after another; keeps the field and line it stands at, for errors.
class card_list_reader {
public:
    explicit card_list_reader(std::string_view name) : name_(name) {}

    result<void> read(std::string_view csv) {
        bool header = true;
        constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
        if (csv.starts_with(byte_order_mark)) csv.remove_prefix(byte_order_mark.size());
        while (!csv.empty()) {
            ++line_;
            const auto end = std::min(csv.find('\n'), csv.size());
            auto line = csv.substr(0, end);
            csv.remove_prefix(std::min(end + 1, csv.size()));
            if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
            if (line.empty()) continue;
            TESSERA_TRY(split(line));
            TESSERA_TRY(header ? read_header() : read_row());
            header = false;
        }
        if (header) return fail("bad_header", "", "the file is empty; expected a header line");
        return arrange_key_sets();
    }
    card_list take() { return std::move(list_); }

private:
    std::unexpected<error> fail(std::string_view code, std::string_view field, std::string message) const {
        std::string where(name_);
        where += ":" + std::to_string(line_);
        if (!field.empty()) where.append(" ").append(field);
        return failure(code, where, std::move(message));
    }

    result<void> split(std::string_view line) {
        if (line.size() > limits::csv_line_octets)
            return fail("bad_row", "", "longer than " + std::to_string(limits::csv_line_octets) + " octets");
        fields_ = 0;
        for (;;) {
            if (fields_ == columns_max) return fail("bad_row", "", "more than 32 fields");
            const bool quoted = !line.empty() && line.front() == '"';
            if (quoted) line.remove_prefix(1);
            const auto end = std::min(line.find(quoted ? '"' : ','), line.size());
            field_[fields_++] = line.substr(0, end);
            line.remove_prefix(end);
            if (quoted) {
                if (line.empty() || (line.size() > 1 && line[1] != ','))
                    return fail("bad_row", "", "a quoted field must end with a quote and then a comma");
                line.remove_prefix(1);
            }
            if (line.empty()) return {};
            line.remove_prefix(1);
        }
    }

    result<void> read_header() {
        position_.fill(absent);
        for (std::size_t i = 0; i < fields_; ++i) {
            if (field_[i].starts_with("var.")) continue;  // a variable of the registry's; the card knows nothing of it
            const auto known = std::ranges::find(column_names, field_[i]);
            if (known == column_names.end()) return fail("bad_header", field_[i], "no such column");
            auto& position = position_[static_cast<std::size_t>(known - column_names.begin())];
            if (position != absent) return fail("bad_header", field_[i], "stands twice");
            position = i;
        }
        for (std::size_t i = 0; i < column_count; ++i)
            if (position_[i] == absent && !optional(i))
                return fail("bad_header", column_names[i], "the column is missing");
        columns_ = fields_;
        return {};
    }

    [[nodiscard]] std::string_view value(column which) const {
        return position_[which] == absent ? std::string_view() : field_[position_[which]];
    }

    result<void> read_row() {
        if (fields_ != columns_)
            return fail("bad_row", "",
                        "expected " + std::to_string(columns_) + " fields, got " + std::to_string(fields_));
        TESSERA_TRY_VALUE(const card_index card, find_or_add_card());
        card_key_set set{.card = card};
        std::uint32_t version = 0;
        const auto kvn = value(column_kvn);
        const auto [end, problem] = std::from_chars(kvn.data(), kvn.data() + kvn.size(), version);
        if (problem != std::errc() || end != kvn.data() + kvn.size() || version < 1 || version > 15)
            return fail("bad_row", "kvn", "expected a key version from 1 to 15");
        set.version = static_cast<std::uint8_t>(version);
        set.keys = static_cast<std::uint32_t>(list_.keys_.size());
        TESSERA_TRY_VALUE(set.kic_algorithm, read_key(column_kic_algorithm, column_kic_key));
        TESSERA_TRY_VALUE(set.kid_algorithm, read_key(column_kid_algorithm, column_kid_key));
        const auto counter = value(column_counter);
        const auto [last, bad] = std::from_chars(counter.data(), counter.data() + counter.size(), set.base, 16);
        if (!counter.empty() && (bad != std::errc() || last != counter.data() + counter.size() || counter.size() > 10))
            return fail("bad_row", "counter", "expected up to 10 hexadecimal digits");
        if (const auto tar = value(column_tar); !tar.empty()) {
            std::array<std::uint8_t, 3> octets{};
            if (!from_hex_into(tar, octets)) return fail("bad_row", "tar", "expected 6 hexadecimal digits");
            set.tar = static_cast<std::int32_t>(load_big_endian(octets));
        }
        const auto scope = value(column_counter_scope);
        if (!scope.empty() && scope != "application" && scope != "key_set")
            return fail("bad_row", "counter_scope", "expected application or key_set");
        set.one_counter = scope == "key_set";
        list_.key_sets_.push_back(set);
        return read_encryption_key(set);
    }

    // Empty: the set has none; without an algorithm of its own it has KIc's.
    result<void> read_encryption_key(const card_key_set& set) {
        const auto text = value(column_dek_key);
        if (text.empty()) return {};
        const auto named = value(column_dek_algorithm);
        const auto algorithm = named.empty() ? set.kic_algorithm : crypto::cipher_algorithm_from(named);
        if (!algorithm) return fail("bad_row", "dek_algorithm", "expected des, 3des2, 3des3, aes128, aes192 or aes256");
        card_list::stored_encryption_key made{*algorithm, {}};
        if (auto read = from_hex_into(text, made.key.resize(crypto::key_octets(*algorithm))); !read)
            return fail("bad_row", "dek_key", std::move(read.error().message));
        list_.encryption_.insert_or_assign(card_list::place_of(set.card, set.version), std::move(made));
        return {};
    }

    result<crypto::cipher_algorithm> read_key(column algorithm_column, column key_column) {
        const auto algorithm = crypto::cipher_algorithm_from(value(algorithm_column));
        if (!algorithm)
            return fail("bad_row", column_names[algorithm_column],
                        "expected des, 3des2, 3des3, aes128, aes192 or aes256");
        const auto begin = list_.keys_.size();
        list_.keys_.resize(begin + crypto::key_octets(*algorithm));
        if (auto read = from_hex_into(value(key_column), std::span(list_.keys_).subspan(begin)); !read)
            return fail("bad_row", column_names[key_column], std::move(read.error().message));
        return *algorithm;
    }

    // Of a terminal; 0 for a card.
    result<std::uint16_t> read_port() {
        const auto kind = value(column_kind);
        const auto text = value(column_port);
        if (kind.empty() || kind == "card") {
            if (!text.empty()) return fail("bad_row", "port", "a card has none");
            return std::uint16_t{0};
        }
        std::uint16_t port = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (kind != "terminal") return fail("bad_row", "kind", "expected card or terminal");
        if (problem != std::errc() || end != text.data() + text.size() || port == 0)
            return fail("bad_row", "port", "expected a port from 1 to 65535");
        return port;
    }

    result<card_index> find_or_add_card() {
        const auto iccid = value(column_iccid);
        const auto imsi = value(column_imsi);
        auto msisdn_text = value(column_msisdn);
        TESSERA_TRY_VALUE(const auto port, read_port());
        const bool terminal = port != 0;
        if (!all_digits(iccid) || (terminal ? iccid.size() != 15 : iccid.size() < 18 || iccid.size() > 20))
            return fail("bad_row", "iccid",
                        terminal ? "expected the 15 digits of an IMEI" : "expected 18 to 20 digits");
        const bool no_imsi = terminal && imsi.empty();
        if (!no_imsi && (imsi.size() < 6 || imsi.size() > 15 || !all_digits(imsi)))
            return fail("bad_row", "imsi", "expected 6 to 15 digits");
        if (msisdn_text.starts_with('+')) msisdn_text.remove_prefix(1);
        std::uint64_t msisdn = 0;
        if (msisdn_text.empty() || msisdn_text.size() > 15 || !all_digits(msisdn_text) || msisdn_text.front() == '0')
            return fail("bad_row", "msisdn", "expected 1 to 15 digits in international form, without leading zeros");
        std::from_chars(msisdn_text.data(), msisdn_text.data() + msisdn_text.size(), msisdn);
        const auto imsi_octets = imsi_content(imsi);
        if (const auto known = list_.by_iccid(iccid); known != no_card) {
            if (list_.at(known).msisdn != msisdn)
                return fail("bad_row", "msisdn", "differs from the ICCID's first row");
            if (list_.at(known).identity.imsi != imsi_octets)
                return fail("bad_row", "imsi", "differs from the ICCID's first row");
            return known;
        }
        if (list_.by_msisdn(msisdn) != no_card) return fail("duplicate", "msisdn", "another card has this number");
        if (list_.size() == limits::cards) return fail("too_many", "", "a simulator holds at most 20,000,000 cards");
        simulated_card_state card;
        store_digits(iccid, card.identity.iccid);
        card.identity.imsi = imsi_octets;
        card.iccid_digits = static_cast<std::uint8_t>(iccid.size());
        card.msisdn = msisdn;
        card.port = port;
        list_.cards_.push_back(card);
        const auto index = static_cast<card_index>(list_.cards_.size() - 1);
        list_.by_iccid_.insert(index, [&](card_index i) { return list_.identity_hash(i); });
        list_.by_msisdn_.insert(index, [&](card_index i) { return mix64(list_.cards_[i].msisdn); });
        return index;
    }

    result<void> arrange_key_sets() {
        auto& sets = list_.key_sets_;
        // By card, and in the file's order within it, which is that of the arena.
        const auto place = [](const card_key_set& set) { return std::pair(set.card, set.keys); };
        if (!std::ranges::is_sorted(sets, {}, place)) std::ranges::sort(sets, {}, place);
        for (std::uint32_t i = 0; i < sets.size(); ++i) {
            auto& card = list_.cards_[sets[i].card];
            if (card.key_sets == 0) card.first_key_set = i;
            for (std::uint32_t other = card.first_key_set; other < i; ++other)
                if (sets[other].version == sets[i].version && sets[other].tar == sets[i].tar)
                    return failure("duplicate", std::string(name_) + " kvn",
                                   "card " + list_.iccid(sets[i].card) + " has key version " +
                                       std::to_string(sets[i].version) + " twice");
            ++card.key_sets;
        }
        return {};
    }

    static constexpr std::size_t absent = ~std::size_t{0};
    std::string_view name_;
    std::size_t line_ = 0;
    std::array<std::string_view, columns_max> field_;
    std::size_t fields_ = 0;
    std::size_t columns_ = 0;
    std::array<std::size_t, column_count> position_{};
    card_list list_;
};

card_list::~card_list() {
    if (!keys_.empty()) wipe(keys_);  // one that was moved from has none
}

result<card_list> card_list::parse(std::string_view csv, std::string_view name) {
    card_list_reader reader(name);
    TESSERA_TRY(reader.read(csv));
    return reader.take();
}

result<card_list> card_list::load(const std::filesystem::path& file) {
    std::error_code problem;
    const auto octets = std::filesystem::file_size(file, problem);
    if (problem) return failure("unreadable", file.string(), problem.message());
    if (octets > limits::card_list_octets) return failure("too_many", file.string(), "larger than 4 GiB");
    std::string text(octets, '\0');
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(text.data(), static_cast<std::streamsize>(octets)))
        return failure("unreadable", file.string(), with_reason("cannot be read to its end"));
    auto parsed = parse(text, file.string());
    if (!text.empty()) wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return parsed;
}

card_index card_list::by_msisdn(std::uint64_t msisdn) const {
    return by_msisdn_.find(mix64(msisdn), [&](card_index i) { return cards_[i].msisdn == msisdn; });
}

card_index card_list::by_iccid(std::string_view digits) const {
    if (digits.size() > 20 || !all_digits(digits)) return no_card;
    std::array<std::uint8_t, 10> iccid{};
    store_digits(digits, iccid);
    return by_iccid_.find(hash_iccid(iccid), [&](card_index i) { return cards_[i].identity.iccid == iccid; });
}

std::string card_list::iccid(card_index card) const {
    std::string digits;
    const auto& state = cards_[card];
    for (std::size_t i = 0; i < state.iccid_digits; ++i) {
        const auto octet = state.identity.iccid[i / 2];
        digits.push_back(static_cast<char>('0' + (i % 2 == 0 ? octet & 15U : octet >> 4U)));
    }
    return digits;
}

std::uint64_t card_list::identity_hash(card_index card) const { return hash_iccid(cards_[card].identity.iccid); }

std::span<const card_key_set> card_list::key_sets(card_index card) const {
    return std::span(key_sets_).subspan(cards_[card].first_key_set, cards_[card].key_sets);
}

card_key_set* card_list::key_set(card_index card, std::uint8_t version, std::uint32_t tar) {
    if (version == 0) return nullptr;  // of sets that were replaced
    card_key_set* found = nullptr;
    for (auto& set : std::span(key_sets_).subspan(cards_[card].first_key_set, cards_[card].key_sets)) {
        if (set.version != version) continue;
        if (set.tar == static_cast<std::int32_t>(tar)) return &set;
        if (set.tar < 0) found = &set;
    }
    if (found != nullptr || added_.empty()) return found;
    const auto added = added_.find(place_of(card, version));
    return added == added_.end() ? nullptr : &added->second.set;
}

byte_view card_list::kic(const card_key_set& set) const {
    if (set.keys == added_keys) return added_.at(place_of(set.card, set.version)).kic.reveal();
    return byte_view(keys_).subspan(set.keys, crypto::key_octets(set.kic_algorithm));
}

byte_view card_list::kid(const card_key_set& set) const {
    if (set.keys == added_keys) return added_.at(place_of(set.card, set.version)).kid.reveal();
    return byte_view(keys_).subspan(set.keys + crypto::key_octets(set.kic_algorithm),
                                    crypto::key_octets(set.kid_algorithm));
}

card_list::encryption_key card_list::key_encryption_key(const card_key_set& set) const {
    const auto found = encryption_.find(place_of(set.card, set.version));
    if (found == encryption_.end()) return {};
    return {found->second.algorithm, found->second.key.reveal()};
}

void card_list::put_key_set(card_index card, std::uint8_t replaced, std::uint8_t version,
                            const std::array<fresh_key, 3>& keys) {
    constexpr std::uint8_t no_version = 0;
    constexpr std::uint32_t issuer_security_domain = 0;  // its TAR; what carries PUT KEY
    if (auto* old = key_set(card, replaced, issuer_security_domain); replaced != 0 && old != nullptr) {
        encryption_.erase(place_of(card, replaced));
        const bool came_later = old->keys == added_keys;
        old->version = no_version;  // nobody names it any more
        if (came_later) added_.erase(place_of(card, replaced));
    }
    added_key_set made{{}, secret(keys[0].key), secret(keys[1].key)};
    made.set.card = card;
    made.set.keys = added_keys;
    made.set.version = version;
    made.set.kic_algorithm = keys[0].algorithm;
    made.set.kid_algorithm = keys[1].algorithm;
    added_.insert_or_assign(place_of(card, version), std::move(made));
    encryption_.insert_or_assign(place_of(card, version),
                                 stored_encryption_key{keys[2].algorithm, secret(keys[2].key)});
}

std::vector<std::uint8_t> card_list::key_versions(card_index card) const {
    std::vector<std::uint8_t> versions;
    for (const auto& set : key_sets(card))
        if (set.version != 0) versions.push_back(set.version);
    if (added_.empty()) return versions;
    for (std::uint8_t version = 1; version <= key_version_max; ++version)
        if (added_.contains(place_of(card, version))) versions.push_back(version);
    return versions;
}

void card_list::spoil_keys(card_index card) {
    constexpr std::uint8_t flip = 0x5a;  // leaves DES' parity bits alone: they do not make a key another one
    for (const auto& set : key_sets(card)) {
        const auto octets = crypto::key_octets(set.kic_algorithm) + crypto::key_octets(set.kid_algorithm);
        for (auto& octet : std::span(keys_).subspan(set.keys, octets)) octet ^= flip;
    }
}

}  // namespace tessera::sim
