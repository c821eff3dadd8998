#include "campaigns/campaign_file_keys.h"

namespace tessera::campaigns {

std::optional<key_rotation> read_key_rotation(const toml::table& root, std::optional<std::uint8_t> spoken_by,
                                              checked_toml& notes) {
    const auto& node = *root.get("key");
    const auto* list = node.as_array();
    if (list == nullptr || list->size() != 1 || !list->is_array_of_tables()) {
        notes.mistake(node, "key: expected one section [[key]]");
        return std::nullopt;
    }
    const auto& table = *list->get(0)->as_table();
    notes.only(table, {"kvn", "new_kvn", "algorithm", "keep_old"}, "[[key]]");
    key_rotation made;
    for (const auto* key : {"kvn", "new_kvn"})
        if (!table.contains(key)) notes.mistake(table, std::string(key) + ": is missing");
    made.replaced = static_cast<std::uint8_t>(notes.number(table, "kvn", 1, 15).value_or(0));
    made.version = static_cast<std::uint8_t>(notes.number(table, "new_kvn", 1, 15).value_or(0));
    made.keeps_old = notes.flag(table, "keep_old").value_or(false);
    if (made.replaced != 0 && made.replaced == made.version)
        notes.mistake(
            *table.get("new_kvn"),
            "new_kvn: must differ from kvn, for it is by the version that the new keys are told from the old");
    if (spoken_by && made.replaced != 0 && *spoken_by != made.replaced)
        notes.mistake(*table.get("kvn"), "kvn: [security] speaks by version " + std::to_string(*spoken_by) +
                                             "; the key set that is replaced is the one by which the campaign speaks");
    const auto name = notes.text(table, "algorithm", true);
    if (!name) return made;
    const auto algorithm = crypto::cipher_algorithm_from(*name);
    // Single DES protects nothing any more, and cards refuse to go back to it.
    if (!algorithm || *algorithm == crypto::cipher_algorithm::des)
        notes.mistake(*table.get("algorithm"), "algorithm: expected 3des2, 3des3, aes128, aes192 or aes256");
    made.algorithm = algorithm.value_or(crypto::cipher_algorithm::aes128);
    return made;
}

}  // namespace tessera::campaigns
