#include "codec/global_platform.h"

#include <algorithm>
#include <array>

#include "codec/ber_tlv.h"

namespace tessera::codec::global_platform {
namespace {

using crypto::cipher_algorithm;

constexpr std::size_t command_data_max = 255;
constexpr std::uint16_t tag_load_file_data_block = 0xc4, tag_aid = 0x4f, tag_object = 0xe3, tag_life_cycle = 0x9f70,
                        tag_privileges = 0xc5, tag_version = 0xce;
constexpr std::uint8_t p2_tlv_form = 0x02, p2_three_keys_from_1 = 0x81;
constexpr std::uint8_t key_type_des = 0x80, key_type_aes = 0x88;  // table 11-16
constexpr std::size_t check_value_octets = 3;

std::unexpected<error> bad_aid(std::string_view field, byte_view aid) {
    return failure("bad_aid", field,
                   "an application identifier has 5 to 16 octets, this one has " + std::to_string(aid.size()));
}

result<bytes> command(std::uint8_t ins, std::uint8_t p1, std::uint8_t p2, byte_view data) {
    if (data.size() > command_data_max)
        return failure("too_long", "apdu", "the fields take " + std::to_string(data.size()) + " octets, 255 fit");
    bytes out;
    append_apdu(out, {class_octet, ins, p1, p2, data, std::nullopt});
    return out;
}

result<bytes> command_of_fields(std::uint8_t p1, std::initializer_list<byte_view> fields) {
    bytes data;
    for (const auto field : fields) {
        if (field.size() > command_data_max) return failure("too_long", "apdu", "a field has more than 255 octets");
        data.push_back(static_cast<std::uint8_t>(field.size()));
        append(data, field);
    }
    return command(ins_install, p1, 0x00, data);
}

// In place.
result<void> cipher_keys(crypto::block_crypto& crypto, cipher_algorithm algorithm, byte_view key,
                         std::span<std::uint8_t> octets, bool encrypt) {
    if (crypto::is_aes(algorithm))
        return encrypt ? crypto.cbc_encrypt(algorithm, key, octets) : crypto.cbc_decrypt(algorithm, key, octets);
    return encrypt ? crypto.ecb_encrypt(algorithm, key, octets) : crypto.ecb_decrypt(algorithm, key, octets);
}

std::optional<cipher_algorithm> algorithm_of(std::uint8_t type, std::size_t octets) {
    constexpr std::array des{cipher_algorithm::des, cipher_algorithm::triple_des_2key,
                             cipher_algorithm::triple_des_3key};
    constexpr std::array aes{cipher_algorithm::aes128, cipher_algorithm::aes192, cipher_algorithm::aes256};
    if (type != key_type_des && type != key_type_aes) return std::nullopt;
    for (const auto one : type == key_type_des ? des : aes)
        if (crypto::key_octets(one) == octets) return one;
    return std::nullopt;
}

// Key type, length, the key under the encryption key, length of the check value, check value. An AES key stands behind
// its own length, since it may have been padded to whole blocks.
result<void> append_key(crypto::block_crypto& crypto, const key_request& request, const new_key& one, bytes& data) {
    if (one.key.size() != crypto::key_octets(one.algorithm))
        return failure("bad_key", "key", "its length is not that of its algorithm");
    const bool aes = crypto::is_aes(one.algorithm);
    const auto block = crypto::block_octets(request.encryption);
    const auto padded = (one.key.size() + block - 1) / block * block;
    data.push_back(aes ? key_type_aes : key_type_des);
    data.push_back(static_cast<std::uint8_t>(padded + (aes ? 1 : 0)));
    if (aes) data.push_back(static_cast<std::uint8_t>(one.key.size()));
    if (!aes && padded != one.key.size())
        return failure("bad_key", "key", "a DES key of this length cannot be encrypted under an AES key");
    const auto at = data.size();
    append(data, one.key);
    data.resize(at + padded);
    if (auto done = cipher_keys(crypto, request.encryption, request.encryption_key, std::span(data).subspan(at), true);
        !done) {
        wipe(std::span(data).subspan(at));
        return done;
    }
    TESSERA_TRY_VALUE(const auto check, key_check_value(crypto, one.algorithm, one.key));
    data.push_back(static_cast<std::uint8_t>(check.size()));
    append(data, check);
    return {};
}

}  // namespace

result<bytes> install_for_load(const load_request& request) {
    if (!is_aid(request.load_file)) return bad_aid("load_file", request.load_file);
    if (!request.security_domain.empty() && !is_aid(request.security_domain))
        return bad_aid("security_domain", request.security_domain);
    return command_of_fields(
        p1_for_load, {request.load_file, request.security_domain, request.hash, request.parameters, request.token});
}

result<bytes> install_and_make_selectable(const install_request& request) {
    if (!is_aid(request.load_file)) return bad_aid("load_file", request.load_file);
    if (!is_aid(request.module)) return bad_aid("module", request.module);
    if (!is_aid(request.instance)) return bad_aid("instance", request.instance);
    return command_of_fields(
        p1_for_install_and_make_selectable,
        {request.load_file, request.module, request.instance, request.privileges, request.parameters, request.token});
}

result<std::vector<bytes>> load_blocks(byte_view components, std::size_t block_octets) {
    constexpr std::size_t blocks_max = 256;
    if (block_octets == 0 || block_octets > command_data_max)
        return failure("bad_length", "block", "a block has 1 to 255 octets");
    if (components.size() > 0xffff) return failure("too_long", "load_file", "a load file has at most 65535 octets");
    bytes whole;
    append_ber_tlv(whole, tag_load_file_data_block, components);
    const auto count = (whole.size() + block_octets - 1) / block_octets;
    if (count > blocks_max)
        return failure("too_long", "load_file",
                       "takes " + std::to_string(count) + " blocks of " + std::to_string(block_octets) +
                           " octets; one octet counts them");
    std::vector<bytes> blocks;
    for (std::size_t number = 0; number < count; ++number) {
        const auto at = number * block_octets;
        const auto piece = byte_view(whole).subspan(at, std::min(block_octets, whole.size() - at));
        TESSERA_TRY_VALUE(auto made, command(ins_load, number + 1 == count ? p1_last_block : p1_more_blocks,
                                             static_cast<std::uint8_t>(number), piece));
        blocks.push_back(std::move(made));
    }
    return blocks;
}

result<bytes> delete_object(byte_view aid, bool related) {
    if (!is_aid(aid)) return bad_aid("aid", aid);
    bytes data;
    append_ber_tlv(data, tag_aid, aid);
    return command(ins_delete, 0x00, related ? p2_related_objects : std::uint8_t{0}, data);
}

result<bytes> get_status(status_of what, byte_view aid) {
    if (!is_aid(aid)) return bad_aid("aid", aid);
    bytes data;
    append_ber_tlv(data, tag_aid, aid);
    return command(ins_get_status, static_cast<std::uint8_t>(what), p2_tlv_form, data);
}

result<std::vector<status_entry>> parse_status(byte_view data) {
    std::vector<status_entry> entries;
    while (!data.empty()) {
        const auto object = take_ber_tlv(data);
        if (!object) return failure("truncated", "status", "ends within a TLV");
        if (object->tag != tag_object) continue;
        const auto aid = find_ber_tlv(object->value, tag_aid);
        const auto life_cycle = find_ber_tlv(object->value, tag_life_cycle);
        if (!aid || !life_cycle || life_cycle->empty())
            return failure("missing_field", "status", "an object lacks its AID (4F) or life cycle (9F70)");
        entries.push_back({*aid, (*life_cycle)[0], find_ber_tlv(object->value, tag_privileges).value_or(byte_view()),
                           find_ber_tlv(object->value, tag_version).value_or(byte_view())});
    }
    return entries;
}

result<std::array<std::uint8_t, 3>> key_check_value(crypto::block_crypto& crypto, cipher_algorithm algorithm,
                                                    byte_view key) {
    std::array<std::uint8_t, 16> block{};
    if (crypto::is_aes(algorithm)) block.fill(0x01);
    TESSERA_TRY(crypto.ecb_encrypt(algorithm, key, std::span(block).first(crypto::block_octets(algorithm))));
    return std::array{block[0], block[1], block[2]};
}

result<bytes> put_key(crypto::block_crypto& crypto, const key_request& request) {
    bytes data{request.version};
    for (const auto& one : request.keys) TESSERA_TRY(append_key(crypto, request, one, data));
    return command(ins_put_key, request.replaced, p2_three_keys_from_1, data);
}

result<std::vector<received_key>> parse_put_key(crypto::block_crypto& crypto, byte_view data,
                                                cipher_algorithm encryption, byte_view encryption_key) {
    byte_reader reader(data);
    std::vector<received_key> keys;
    while (!reader.empty()) {
        received_key one;
        const auto type = reader.u8();
        auto field = reader.take(reader.u8());
        const auto check = reader.take(reader.u8());
        if (reader.failed()) return failure("bad_length", "key", "a key data field ends early");
        std::size_t octets = field.size();
        if (type == key_type_aes && !field.empty()) {
            octets = field[0];
            field = field.subspan(1);
        }
        const auto algorithm = algorithm_of(type, octets);
        if (!algorithm) return failure("unsupported_algorithm", "key", "no such key type and length");
        if (field.size() < octets || field.size() > secret::capacity)
            return failure("bad_length", "key", "the key is shorter than it says");
        secret plain(field);
        const auto room = plain.resize(field.size());
        std::ranges::copy(field, room.begin());
        TESSERA_TRY(cipher_keys(crypto, encryption, encryption_key, room, false));
        one.algorithm = *algorithm;
        one.key = secret(plain.reveal().first(octets));
        one.check_value = check;
        keys.push_back(std::move(one));
    }
    return keys;
}

result<std::vector<byte_view>> parse_fields(byte_view data, std::size_t count) {
    byte_reader reader(data);
    std::vector<byte_view> fields;
    while (fields.size() < count) fields.push_back(reader.take(reader.u8()));
    if (reader.failed() || !reader.empty())
        return failure("truncated", "fields", "the octets are not " + std::to_string(count) + " fields");
    return fields;
}

bytes with_expected(byte_view command) {
    auto out = to_bytes(command);
    out.push_back(0x00);
    return out;
}

}  // namespace tessera::codec::global_platform
