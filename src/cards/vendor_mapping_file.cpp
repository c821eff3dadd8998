#include <algorithm>
#include <array>

#include "base/checked_toml.h"
#include "base/limits.h"
#include "cards/vendor_mapping.h"

namespace tessera::cards {
namespace {

constexpr std::int64_t key_sets_max = 16;

class mapping_reader {
public:
    explicit mapping_reader(std::string_view file) : toml_("bad_mapping", file) {}

    std::expected<vendor_mapping, std::vector<error>> read(std::string_view text) {
        if (text.size() > limits::mapping_file_octets)
            toml_.mistake_at(1, "is longer than " + std::to_string(limits::mapping_file_octets) + " octets");
        else if (const auto root = toml_.parse(text))
            whole(*root);
        if (!toml_.clean()) return std::unexpected(toml_.take_mistakes());
        return std::move(made_);
    }

private:
    void whole(const toml::table& root) {
        toml_.only(root, {"file", "card", "key_set", "keys"}, "the file");
        if (const auto* table = toml_.section(root, "file", false)) file(*table);
        if (const auto* table = toml_.section(root, "keys", false)) keys(*table);
        if (const auto* table = toml_.section(root, "card", true)) card(*table);
        key_sets(root);
    }

    void file(const toml::table& table) {
        toml_.only(table, {"layout", "separator", "header", "columns", "columns_separator", "quantity", "comment"},
                   "[file]");
        if (const auto layout = toml_.text(table, "layout", false)) {
            made_.fixed_columns = *layout == "fixed";
            if (!made_.fixed_columns && *layout != "separated")
                toml_.mistake(*table.get("layout"), "layout: expected \"separated\" or \"fixed\"");
        }
        if (made_.fixed_columns) made_.header = vendor_header::none;
        one_character(table, "separator", made_.separator);
        one_character(table, "columns_separator", made_.columns_separator);
        if (const auto header = toml_.text(table, "header", false)) {
            if (*header == "none")
                made_.header = vendor_header::none;
            else if (*header == "names" && !made_.fixed_columns)
                made_.header = vendor_header::names;
            else if (*header == "lines")
                made_.header = vendor_header::lines;
            else
                toml_.mistake(*table.get("header"), made_.fixed_columns
                                                        ? "header: expected \"none\" or \"lines\" beside fixed columns"
                                                        : "header: expected \"none\", \"names\" or \"lines\"");
        }
        if (made_.header == vendor_header::lines && !table.contains("separator")) made_.separator = ' ';
        header_name(table, "columns", made_.columns_line);
        header_name(table, "quantity", made_.quantity_line);
        for (const auto* key : {"columns", "columns_separator", "quantity"})
            if (table.contains(key) && made_.header != vendor_header::lines)
                toml_.mistake(*table.get(key), std::string(key) + ": goes with header = \"lines\" only");
        made_.comment = toml_.text(table, "comment", false).value_or("");
    }

    void header_name(const toml::table& table, std::string_view key, std::string& into) {
        const auto text = toml_.text(table, key, false);
        if (!text) return;
        if (text->empty()) toml_.mistake(*table.get(key), std::string(key) + ": expected the name of a header line");
        into = *text;
    }

    void one_character(const toml::table& table, std::string_view key, char& into) {
        const auto text = toml_.text(table, key, false);
        if (!text) return;
        const bool good = text->size() == 1 && text->front() != '"' && text->front() != '\n' && text->front() != '\r';
        if (!good) return toml_.mistake(*table.get(key), std::string(key) + ": expected one character, no quote");
        into = text->front();
    }

    void keys(const toml::table& table) {
        toml_.only(table, {"transport", "check_value"}, "[keys]");
        if (const auto mode = toml_.text(table, "transport", false); mode && *mode != "none") {
            made_.transport = crypto::transport_mode_from(*mode);
            if (!made_.transport)
                toml_.mistake(*table.get("transport"),
                              "transport: expected none, 3des-ecb, 3des-cbc, aes-ecb, aes-cbc or aes-key-wrap");
        }
        if (const auto name = toml_.text(table, "check_value", false)) {
            const auto method = crypto::check_value_method_from(*name);
            if (!method)
                toml_.mistake(*table.get("check_value"), "check_value: expected zeros, ones or cmac (for AES keys)");
            made_.check_values = method.value_or(made_.check_values);
        }
    }

    void card(const toml::table& table) {
        toml_.only(table, {"iccid", "imsi", "msisdn", "profile", "tags"}, "[card]");
        if (!table.contains("iccid")) toml_.mistake(table, "iccid: is missing");
        for (const auto& [key, node] : table)
            made_.card.emplace_back(std::string(key.str()), value(node, std::string(key.str())));
    }

    void key_sets(const toml::table& root) {
        const auto* node = root.get("key_set");
        if (node == nullptr) return;
        const auto* list = node->as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            return toml_.mistake(*node, "key_set: expected sections [[key_set]]");
        if (list->size() > key_sets_max)
            return toml_.mistake(*node, "more than " + std::to_string(key_sets_max) + " [[key_set]]");
        for (const auto& one : *list) made_.key_sets.push_back(key_set(*one.as_table()));
    }

    vendor_key_set key_set(const toml::table& table) {
        toml_.only(table,
                   {"kvn", "kic_algorithm", "kic_key", "kid_algorithm", "kid_key", "counter", "tar", "counter_scope",
                    "dek_algorithm", "dek_key"},
                   "[[key_set]]");
        vendor_key_set made;
        const auto take = [&](std::string_view key, vendor_value& into, bool needed) {
            if (const auto* node = table.get(key))
                into = value(*node, std::string(key));
            else if (needed)
                toml_.mistake(table, std::string(key) + ": is missing");
        };
        take("kvn", made.kvn, true);
        take("kic_algorithm", made.kic_algorithm, true);
        take("kid_algorithm", made.kid_algorithm, true);
        take("counter", made.counter, false);
        take("tar", made.tar, false);
        take("counter_scope", made.counter_scope, false);
        made.kic = key(table, "kic_key");
        made.kid = key(table, "kid_key");
        take("dek_algorithm", made.dek_algorithm, false);
        if (table.contains("dek_key"))
            made.dek = key(table, "dek_key");
        else if (table.contains("dek_algorithm"))
            toml_.mistake(table, "dek_algorithm: there is no dek_key");
        return made;
    }

    vendor_key key(const toml::table& table, std::string_view name) {
        vendor_key made;
        const auto* node = table.get(name);
        const auto* source = node == nullptr ? nullptr : node->as_table();
        if (source == nullptr) {
            // A key in the mapping would be one key for all cards, in clear.
            toml_.mistake(node == nullptr ? static_cast<const toml::node&>(table) : *node,
                          std::string(name) + ": expected the place of a key: {column = \"KIC\", kcv = \"KCV_KIC\"}");
            return made;
        }
        made.key = place_of(*source, std::string(name), {"kcv"});
        const auto* check = source->get("kcv");
        if (check == nullptr) return made;
        if (check->is_string() || check->is_integer())
            made.check_value = column(*check, std::string(name) + ".kcv");
        else if (const auto* place = check->as_table())
            made.check_value = place_of(*place, std::string(name) + ".kcv", {});
        else
            toml_.mistake(*check, std::string(name) + ".kcv: expected a column, or its place");
        return made;
    }

    // A text that all cards share, or a table that says where it stands.
    vendor_value value(const toml::node& node, const std::string& name) {
        vendor_value made;
        if (const auto text = node.value_exact<std::string>()) {
            made.from = vendor_value::origin::fixed;
            made.text = *text;
        } else if (const auto number = node.value_exact<std::int64_t>()) {
            made.from = vendor_value::origin::fixed;
            made.text = std::to_string(*number);
        } else if (const auto* table = node.as_table()) {
            made = place_of(*table, name, {"form", "check_digit"});
        } else {
            toml_.mistake(node, name + ": expected a text for all cards, or where it stands: {column = \"NAME\"}");
        }
        return made;
    }

    vendor_value place_of(const toml::table& table, const std::string& name,
                          std::initializer_list<std::string_view> more) {
        vendor_value made;
        std::vector<std::string_view> known{"column", "header", "start", "length"};
        known.insert(known.end(), more);
        for (const auto& [key, one] : table)
            if (std::ranges::find(known, key.str()) == known.end())
                toml_.mistake(one, name + ": unknown key \"" + std::string(key.str()) + "\"");
        const int places = static_cast<int>(table.contains("column")) + static_cast<int>(table.contains("header")) +
                           static_cast<int>(table.contains("start"));
        if (places != 1) {
            toml_.mistake(table, name + ": expected one of column, header, and start with length");
            return made;
        }
        if (const auto* node = table.get("column")) made = column(*node, name);
        if (const auto header = toml_.text(table, "header", false)) {
            made.from = vendor_value::origin::header;
            made.text = *header;
            if (made_.header != vendor_header::lines)
                toml_.mistake(table, name + ": header: goes with header = \"lines\" only");
        }
        if (table.contains("start")) {
            made.from = vendor_value::origin::place;
            made.number =
                static_cast<std::size_t>(toml_.number(table, "start", 1, limits::vendor_line_octets).value_or(1));
            made.length =
                static_cast<std::size_t>(toml_.number(table, "length", 1, limits::vendor_field_octets).value_or(1));
            if (!table.contains("length")) toml_.mistake(table, name + ": length: is missing");
            if (!made_.fixed_columns) toml_.mistake(table, name + ": start: goes with layout = \"fixed\" only");
        } else if (table.contains("length")) {
            toml_.mistake(*table.get("length"), name + ": length: goes with start only");
        }
        form_of(table, name, made);
        return made;
    }

    void form_of(const toml::table& table, const std::string& name, vendor_value& into) {
        if (const auto* node = table.get("form")) {
            const auto form = node->value_exact<std::string>().value_or("");
            if (form == "nibble_swapped")
                into.form = digits_form::nibble_swapped;
            else if (form == "ef_imsi" && name == "imsi")
                into.form = digits_form::ef_imsi;
            else if (form != "plain")
                toml_.mistake(*node,
                              name + ": form: expected \"plain\", \"nibble_swapped\" or, of an IMSI, \"ef_imsi\"");
        }
        if (const auto* node = table.get("check_digit")) {
            const auto what = node->value_exact<std::string>().value_or("");
            into.add_check_digit = what == "missing";
            if (name != "iccid" || (what != "missing" && what != "present"))
                toml_.mistake(*node, name + ": check_digit: expected \"present\" or \"missing\", of an ICCID");
        }
    }

    vendor_value column(const toml::node& node, const std::string& name) {
        vendor_value made;
        if (made_.fixed_columns) {
            toml_.mistake(node, name + ": column: a file of fixed columns has start and length instead");
        } else if (const auto text = node.value_exact<std::string>()) {
            made.from = vendor_value::origin::column_name;
            made.text = *text;
            if (made_.header == vendor_header::none)
                toml_.mistake(node, name + ": column: a file without a header has numbers of columns, from 1");
        } else if (const auto number = node.value_exact<std::int64_t>();
                   number && *number >= 1 && *number <= static_cast<std::int64_t>(limits::mapping_columns)) {
            made.from = vendor_value::origin::column_number;
            made.number = static_cast<std::size_t>(*number);
        } else {
            toml_.mistake(node, name + ": column: expected a name in quotes, or a number from 1 to " +
                                    std::to_string(limits::mapping_columns));
        }
        return made;
    }

    checked_toml toml_;
    vendor_mapping made_;
};

}  // namespace

std::expected<vendor_mapping, std::vector<error>> parse_mapping(std::string_view text, std::string_view file) {
    return mapping_reader(file).read(text);
}

}  // namespace tessera::cards
