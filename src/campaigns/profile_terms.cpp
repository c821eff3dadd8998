#include "campaigns/profile_terms.h"

#include <algorithm>
#include <map>

#include "base/hex.h"
#include "campaigns/packet_limits.h"
#include "campaigns/selection.h"
#include "campaigns/target_sides.h"
#include "cards/profile_store.h"
#include "cards/store.h"
#include "operations/profile_check.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view code = "bad_campaign_file";

// Targets of one profile, or of one batch of it.
struct target_group {
    std::string called;  // profile "telco" batch "2019"
    cards::profile_facts facts;
    bool catalogued = false;
    cards::profile_id profile;
    std::size_t batch = 0;  // from 1; 0: none
};

class examiner {
public:
    examiner(store::connection& reader, definition& what, const std::string& file)
        : reader_(&reader), what_(&what), file_(file) {}

    std::expected<void, std::vector<error>> run() {
        if (auto found = find_groups(); !found) return std::unexpected(std::vector{std::move(found).error()});
        if (groups_.empty()) return {};
        resolve_application();
        resolve_checksum();
        resolve_lengths();
        if (mistakes_.empty())
            for (const auto& group : groups_) check(group);
        if (mistakes_.empty())
            if (auto done = check_key_sets(); !done) return std::unexpected(std::vector{std::move(done).error()});
        if (!mistakes_.empty()) return std::unexpected(std::move(mistakes_));
        return {};
    }

private:
    void mistake(std::size_t line, std::string message) {
        auto where = file_ + (line == 0 ? "" : ":" + std::to_string(line));
        const error made{std::string(code), std::move(where), std::move(message)};
        if (std::ranges::none_of(mistakes_, [&](const error& one) { return one.message == made.message; }))
            mistakes_.push_back(made);
    }

    // Calls use(statement) with each row of "SELECT columns FROM card c joins WHERE the targets, condition GROUP BY
    // groups". Parameters up to `first` are the caller's, bound by bind(statement).
    template <class Bind, class Use>
    result<void> for_each_row(const std::string& columns_and_joins, const std::string& condition, int first,
                              Bind&& bind, Use&& use, const std::string& groups) {
        return for_each_piece(what_->targets, first, [&](const selection_piece& piece) -> result<void> {
            TESSERA_TRY_VALUE(const auto query, reader_->prepare(columns_and_joins + " WHERE " + condition +
                                                                 piece.condition + " GROUP BY " + groups));
            bind(*query);
            piece.bind(*query);
            for (;;) {
                TESSERA_TRY_VALUE(const bool more, query->step());
                if (!more) return {};
                TESSERA_TRY(use(*query));
            }
        });
    }

    result<void> find_groups() {
        cards::profile_store catalogue(*reader_);
        TESSERA_TRY_VALUE(const bool nothing_known, catalogue.empty());
        if (nothing_known && what_->profiles.application.empty()) return {};
        std::map<std::string, cards::profile_id> names;
        TESSERA_TRY(for_each_row(
            "SELECT c.profile_id, p.name FROM card c JOIN profile p ON p.profile_id = c.profile_id", "", 1,
            [](store::statement&) {},
            [&](const store::statement& row) -> result<void> {
                names.emplace(row.text(1), cards::profile_id{row.integer(0)});
                return {};
            },
            "c.profile_id, p.name"));
        for (const auto& [name, id] : names) {
            TESSERA_TRY_VALUE(auto entry, catalogue.find(name));
            if (entry)
                TESSERA_TRY(add_groups(*entry, id));
            else
                groups_.push_back({"profile \"" + name + "\"", {}, false, id, 0});
        }
        return {};
    }

    // Batches that some target belongs to, and the rest.
    result<void> add_groups(const cards::profile_entry& entry, cards::profile_id id) {
        std::vector<bool> there(entry.batches.size() + 1, entry.batches.empty());
        if (!entry.batches.empty()) {
            const auto first = static_cast<int>(entry.batches.size() * 2 + 2);
            TESSERA_TRY(for_each_row(
                "SELECT " + batch_of_card(entry) + " FROM card c", "c.profile_id = $1 AND ", first,
                [&](store::statement& query) {
                    query.bind(1, id.value);
                    bind_batches(query, entry);
                },
                [&](const store::statement& row) -> result<void> {
                    there[static_cast<std::size_t>(row.integer(0))] = true;
                    return {};
                },
                "1"));
        }
        const auto called = "profile \"" + entry.name + "\"";
        for (std::size_t i = 0; i <= entry.batches.size(); ++i) {
            if (!there[i]) continue;
            const auto* batch = i == 0 ? nullptr : &entry.batches[i - 1];
            groups_.push_back({batch == nullptr ? called : called + " batch \"" + batch->name + "\"",
                               entry.facts_of(batch), true, id, i});
        }
        if (std::ranges::any_of(groups_,
                                [&](const auto& one) { return one.profile == id && !one.facts.algorithms.empty(); }))
            entries_with_algorithms_.push_back({entry, id});
        return {};
    }

    // 0: of no batch; 1 and so on: of the entry's batches. Parameters $2 and following.
    static std::string batch_of_card(const cards::profile_entry& entry) {
        if (entry.batches.empty()) return "0";
        std::string made = "CASE";
        for (std::size_t i = 0; i < entry.batches.size(); ++i)
            made += " WHEN c.iccid BETWEEN $" + std::to_string(2 * i + 2) + " AND $" + std::to_string(2 * i + 3) +
                    " THEN " + std::to_string(i + 1);
        return made + " ELSE 0 END";
    }
    static void bind_batches(store::statement& query, const cards::profile_entry& entry) {
        int index = 2;
        for (const auto& batch : entry.batches) {
            query.bind(index++, std::string_view(batch.first_iccid));
            query.bind(index++, std::string_view(batch.last_iccid));
        }
    }

    void resolve_application() {
        auto& terms = what_->profiles;
        if (terms.application.empty()) return;
        const target_group* first = nullptr;
        for (const auto& group : groups_) {
            if (!group.catalogued) {
                mistake(terms.application_line, "application: the catalogue has no " + group.called +
                                                    ", so give the TAR, or import the profile");
                continue;
            }
            const auto tar = operations::tar_of(group.facts, group.called, terms.application);
            if (!tar) {
                mistake(terms.application_line, "application: " + tar.error().message);
                continue;
            }
            if (first != nullptr && *tar != what_->security.tar) {
                mistake(terms.application_line, "application: \"" + terms.application + "\" is " +
                                                    to_hex(what_->security.tar) + " in " + first->called + " and " +
                                                    to_hex(*tar) + " in " + group.called + ": a campaign for each");
                continue;
            }
            what_->security.tar = *tar;
            first = &group;
        }
    }

    void resolve_checksum() {
        auto& terms = what_->profiles;
        const target_group* first = nullptr;
        for (const auto& group : groups_) {
            const auto octets = group.facts.quirks.cc_len.value_or(
                terms.cc_len_given ? what_->security.aes_checksum_octets : std::uint8_t{8});
            if (terms.cc_len_given && octets != what_->security.aes_checksum_octets) {
                mistake(terms.cc_len_line, "cc_len: the cards of " + group.called + " have a CC of " +
                                               std::to_string(octets) + " octets, given " +
                                               std::to_string(what_->security.aes_checksum_octets));
                continue;
            }
            if (first != nullptr && octets != what_->security.aes_checksum_octets) {
                mistake(terms.spi_line, "cc_len: the cards of " + first->called + " have a CC of " +
                                            std::to_string(what_->security.aes_checksum_octets) + " octets, those of " +
                                            group.called + " one of " + std::to_string(octets) +
                                            ": a campaign for each");
                continue;
            }
            what_->security.aes_checksum_octets = octets;
            first = &group;
        }
    }

    // What the narrowest of all targets take.
    void resolve_lengths() {
        auto& terms = what_->profiles;
        for (const auto& group : groups_) {
            const auto& facts = group.facts;
            if (facts.parts_max && *facts.parts_max < what_->parts_max) {
                if (terms.parts_max_given)
                    mistake(terms.parts_max_line, "parts_max: the cards of " + group.called +
                                                      " take messages of at most " + std::to_string(*facts.parts_max) +
                                                      " parts, given " + std::to_string(what_->parts_max));
                else
                    what_->parts_max = *facts.parts_max;
            }
            const auto style = operations::style_of(facts);
            auto& made = what_->style;
            made.select_step_by_step = made.select_step_by_step || style.select_step_by_step;
            made.piece_octets = std::min(made.piece_octets, style.piece_octets);
            if (style.octets_max != 0 && made.at_most(style.octets_max + 1) > style.octets_max)
                made.octets_max = style.octets_max;
        }
        for (const auto& one : packet_mistakes(*what_)) mistake(terms.writes_line, one + longest_of_profiles());
    }

    [[nodiscard]] std::string longest_of_profiles() const {
        for (const auto& group : groups_)
            if (group.facts.longest_message == what_->style.octets_max && what_->style.octets_max != 0)
                return " (" + group.called + ": longest_message " + std::to_string(what_->style.octets_max) + ")";
        return {};
    }

    void check(const target_group& group) {
        const auto& terms = what_->profiles;
        for (const auto& one : operations::check_security(group.facts, group.called, what_->security))
            mistake(one.field == "tar" ? terms.application_line : terms.spi_line, one.field + ": " + one.message);
    }

    result<void> check_key_sets() {
        for (const auto& [entry, id] : entries_with_algorithms_) TESSERA_TRY(check_key_sets_of(entry, id));
        return {};
    }
    result<void> check_key_sets_of(const cards::profile_entry& entry, cards::profile_id id) {
        const auto after_batches = static_cast<int>(entry.batches.size() * 2 + 2);
        auto version = "$" + std::to_string(after_batches);
        if (what_->current_key_set)
            version =
                "COALESCE((SELECT u.key_version FROM current_key_set u WHERE u.card_id = c.card_id), " + version + ")";
        const auto application = "$" + std::to_string(after_batches + 1);
        const auto& security = what_->security;
        return for_each_row(
            "SELECT " + batch_of_card(entry) +
                ", k.kic_algorithm, k.kid_algorithm FROM card c JOIN key_set k ON k.card_id = c.card_id AND "
                "k.key_version = " +
                version +
                " AND k.application = (SELECT MAX(s.application) FROM key_set s WHERE s.card_id = c.card_id " +
                "AND s.key_version = " + version + " AND s.application IN (-1, " + application + "))",
            "c.profile_id = $1 AND ", after_batches + 2,
            [&](store::statement& query) {
                query.bind(1, id.value);
                bind_batches(query, entry);
                query.bind(after_batches, static_cast<std::int64_t>(security.key_version));
                query.bind(after_batches + 1, static_cast<std::int64_t>(operations::application_of(security.tar)));
            },
            [&](const store::statement& row) -> result<void> {
                const auto batch = static_cast<std::size_t>(row.integer(0));
                const auto group = std::ranges::find_if(
                    groups_, [&](const auto& one) { return one.profile == id && one.batch == batch; });
                if (group == groups_.end()) return {};
                const cards::key_set_header keys{security.key_version,
                                                 static_cast<crypto::cipher_algorithm>(row.integer(1)),
                                                 static_cast<crypto::cipher_algorithm>(row.integer(2))};
                const auto checked = operations::check_algorithms(group->facts, group->called, security.spi, keys);
                if (!checked) mistake(what_->profiles.spi_line, "algorithm: " + checked.error().message);
                return {};
            },
            "1, 2, 3");
    }

    store::connection* reader_;
    definition* what_;
    const std::string& file_;
    std::vector<target_group> groups_;
    std::vector<std::pair<cards::profile_entry, cards::profile_id>> entries_with_algorithms_;
    std::vector<error> mistakes_;
};

}  // namespace

std::expected<void, std::vector<error>> apply_profiles(store::connection& reader, definition& what,
                                                       const std::string& file) {
    if (!what.terminals) return examiner(reader, what, file).run();
    // Cards and terminals by turns; what is resolved for one holds for the other.
    const auto examine = [&](definition side) -> std::expected<void, std::vector<error>> {
        if (auto done = examiner(reader, side, file).run(); !done) return done;
        what.security.aes_checksum_octets = side.security.aes_checksum_octets;
        what.parts_max = side.parts_max;
        what.style = side.style;
        if (!side.is_for_terminals()) what.security.tar = side.security.tar;
        return {};
    };
    const bool both = what.targets.kind == target_kind::both;
    if (both)
        if (auto done = examine(for_cards(what)); !done) return done;
    auto terminals = for_terminals(what);
    terminals.profiles.cc_len_given = terminals.profiles.cc_len_given || both;
    if (auto done = examine(std::move(terminals)); !done) return done;
    // Terminals may have narrowed what a packet holds.
    return both ? examine(for_cards(what)) : std::expected<void, std::vector<error>>();
}

std::string resolved_text(std::string_view text, const definition& what) {
    const auto& terms = what.profiles;
    std::string section;
    if (!terms.application.empty()) section += "tar = \"" + to_hex(what.security.tar) + "\"\n";
    if (!terms.cc_len_given && what.security.aes_checksum_octets != 8)
        section += "cc_len = " + std::to_string(what.security.aes_checksum_octets) + "\n";
    if (!terms.parts_max_given && what.parts_max != definition{}.parts_max)
        section += "parts_max = " + std::to_string(what.parts_max) + "\n";
    if (what.style.octets_max != 0) section += "longest_message = " + std::to_string(what.style.octets_max) + "\n";
    if (what.style.select_step_by_step) section += "select = \"by_fid\"\n";
    if (what.style.piece_octets < operations::read_back_piece_octets) section += "concatenated_por = false\n";
    if (section.empty()) return std::string(text);
    return std::string(text) + "\n\n[resolved]  # by the catalogue of profiles, when the campaign was created\n" +
           section;
}

}  // namespace tessera::campaigns
