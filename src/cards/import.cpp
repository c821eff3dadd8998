#include "cards/import.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/csv.h"
#include "base/limits.h"
#include "cards/new_cards.h"
#include "cards/rejects_file.h"
#include "cards/row_source.h"

namespace tessera::cards {
namespace {

// A record as it was read. What is written of many at once must be there until it is committed.
struct read_record {
    std::size_t line = 0;
    result<import_row> row;
    std::string rejected;  // as it would stand in the file of refused rows
};

// Two key sets of one name, or two key encryption keys of one version, that contradict each other.
result<void> check_key_sets(const import_row& row) {
    if (row.more_keys.empty()) return {};
    std::map<std::pair<std::uint8_t, std::int64_t>, int> named;
    std::map<std::uint8_t, const encryption_key*> encryption;
    const auto look_at = [&](const key_set& keys, const std::optional<encryption_key>& key) -> result<void> {
        if (++named[{keys.header.key_version, keys.header.application}] > 1)
            return failure("conflict", "kvn", "the record has two key sets of this version for one application");
        if (!key) return {};
        const auto* const known = encryption.emplace(keys.header.key_version, &*key).first->second;
        if (known->algorithm != key->algorithm || !(known->key == key->key))
            return failure("conflict", "dek_key", "the card's key set has another key encryption key");
        return {};
    };
    if (row.keys) TESSERA_TRY(look_at(*row.keys, row.encryption));
    for (const auto& one : row.more_keys) TESSERA_TRY(look_at(one.keys, one.encryption));
    return {};
}

bool ends_import(const error& problem) {
    return store::is_about_database(problem) || problem.code == store::code_unique || problem.code == "cannot_write" ||
           problem.code == "bad_wrapping";
}

// What became of a batch; it is of no account before its commit.
struct batch_report {
    import_report counts;
    std::vector<std::pair<const read_record*, error>> rejected;
};

// Rows into the registry, in the caller's transaction.
class importer {
public:
    importer(store::connection& writer, key_vault& vault, timestamp now)
        : writer_(&writer), store_(writer), vault_(&vault), now_(now) {}

    result<batch_report> add(std::span<const read_record> batch) {
        profiles_.clear();  // what an attempt before made is gone
        TESSERA_TRY_VALUE(next_id_, store_.last_card_id());
        std::vector<const import_row*> rows;
        for (const auto& one : batch)
            if (one.row) rows.push_back(&*one.row);
        new_cards fresh(*writer_, *vault_, now_);
        if (next_id_ > 0) TESSERA_TRY(fresh.look_up(rows));
        batch_report report;
        for (const auto& one : batch) {
            auto added = one.row ? add(fresh, *one.row, report.counts) : result<void>(std::unexpected(one.row.error()));
            if (added) continue;
            if (ends_import(added.error())) return std::unexpected(std::move(added).error());
            report.rejected.emplace_back(&one, std::move(added).error());
        }
        TESSERA_TRY(fresh.flush());
        return report;
    }

private:
    // Errors that ends_import() ends the import with; all others refuse the row.
    result<void> add(new_cards& fresh, const import_row& row, import_report& report) {
        const bool is_new = fresh.is_new(row);
        TESSERA_TRY(check_key_sets(row));
        if (!is_new) {
            TESSERA_TRY(fresh.flush());
            return add(row, report);
        }
        TESSERA_TRY_VALUE(const auto profile, profile_of(row));
        TESSERA_TRY(fresh.add(card_id{++next_id_}, profile, row));
        ++report.cards_added;
        report.key_sets_added += (row.keys ? 1 : 0) + row.more_keys.size();
        report.tags_added += row.tags.size();
        report.variables_added += row.variables.size();
        return {};
    }

    // Of whose names one is taken, perhaps by the same card.
    result<void> add(const import_row& row, import_report& report) {
        const card_id fresh{next_id_ + 1};
        TESSERA_TRY_VALUE(const bool inserted, insert(fresh, row));
        card_id id = fresh;
        if (inserted) {
            ++next_id_;
            ++report.cards_added;
            if (row.port != 0) TESSERA_TRY(store_.put_terminal(id, row.port));
        } else {
            TESSERA_TRY_VALUE(id, same_card(row));
        }
        TESSERA_TRY_VALUE(const auto fresh_tags, tags_to_add(id, inserted, row));
        TESSERA_TRY_VALUE(const auto fresh_variables, variables_to_add(id, inserted, row));
        TESSERA_TRY_VALUE(const auto fresh_keys, keys_to_add(id, inserted, row));
        for (const auto* keys : fresh_keys) TESSERA_TRY(put_keys(id, *keys));
        auto key_sets_added = fresh_keys.size();
        TESSERA_TRY_VALUE(const auto encryption_keys, add_encryption_keys(id, row));
        key_sets_added = std::max(key_sets_added, encryption_keys);
        report.key_sets_added += key_sets_added;
        for (const auto& tag : fresh_tags) {
            TESSERA_TRY_VALUE(const bool added, store_.add_tag(id, tag));
            if (added) ++report.tags_added;
        }
        for (const auto& one : fresh_variables) {
            TESSERA_TRY_VALUE(const bool added, store_.add_variable(id, one.name, one.value));
            if (added) ++report.variables_added;
        }
        if (!inserted && key_sets_added == 0 && fresh_tags.empty() && fresh_variables.empty()) ++report.unchanged;
        return {};
    }

    result<profile_id> profile_of(const import_row& row) {
        auto known = profiles_.find(row.profile);
        if (known == profiles_.end()) {
            TESSERA_TRY_VALUE(const auto found, store_.profile_named(row.profile));
            known = profiles_.emplace(row.profile, found).first;
        }
        return known->second;
    }

    // False: a name of the card is taken. A profile springs up with its first card, not with a row that is refused.
    result<bool> insert(card_id fresh, const import_row& row) {
        auto known = profiles_.find(row.profile);
        if (known == profiles_.end()) {
            TESSERA_TRY_VALUE(auto found, store_.find_profile(row.profile));
            if (!found) {
                TESSERA_TRY_VALUE(const bool refused, taken(row.identity));
                if (refused) return false;
                TESSERA_TRY_VALUE(found, store_.profile_named(row.profile));
            }
            known = profiles_.emplace(row.profile, *found).first;
        }
        return store_.insert(fresh, row.identity, known->second, now_);
    }

    // Asked before anything of the row is written: too many tags refuse it.
    result<std::vector<std::string>> tags_to_add(card_id id, bool inserted, const import_row& row) {
        if (inserted || row.tags.empty()) return row.tags;
        TESSERA_TRY_VALUE(const auto held, store_.tags(id));
        std::vector<std::string> more;
        for (const auto& tag : row.tags)
            if (std::ranges::find(held, tag) == held.end()) more.push_back(tag);
        if (held.size() + more.size() > limits::tags_per_card)
            return failure("bad_tag", "tags",
                           "the card would have more than " + std::to_string(limits::tags_per_card) + " tags");
        return more;
    }

    // Likewise: a variable that the card has with another value refuses the row.
    result<std::vector<card_variable>> variables_to_add(card_id id, bool inserted, const import_row& row) {
        if (inserted || row.variables.empty()) return row.variables;
        TESSERA_TRY_VALUE(const auto held, store_.variables(id));
        std::vector<card_variable> more;
        for (const auto& one : row.variables) {
            const auto known = std::ranges::find(held, one.name, &card_variable::name);
            if (known == held.end())
                more.push_back(one);
            else if (known->value != one.value)
                return failure("conflict", "var." + one.name, "the card has this variable with another value");
        }
        if (held.size() + more.size() > limits::variables_per_card)
            return failure(
                "bad_variable", "var." + more.front().name,
                "the card would have more than " + std::to_string(limits::variables_per_card) + " variables");
        return more;
    }

    result<bool> taken(const card_identity& identity) {
        TESSERA_TRY_VALUE(auto holder, store_.find_by_iccid(identity.iccid));
        if (!holder && !identity.imsi.empty()) {
            TESSERA_TRY_VALUE(holder, store_.find_by_imsi(identity.imsi));
        }
        if (!holder && identity.msisdn != 0) {
            TESSERA_TRY_VALUE(holder, store_.find_by_msisdn(identity.msisdn));
        }
        return holder.has_value();
    }

    // The row's ICCID, IMSI or MSISDN is taken: by the same card, or by another?
    result<card_id> same_card(const import_row& row) {
        TESSERA_TRY_VALUE(const auto found, store_.find_by_iccid(row.identity.iccid));
        if (!found) {
            TESSERA_TRY_VALUE(const auto holder, store_.find_by_msisdn(row.identity.msisdn));
            const bool number = holder && row.identity.msisdn != 0;
            return failure("conflict", number ? "msisdn" : "imsi", "belongs to another card of the registry");
        }
        const auto differs = [&](const char* field) {
            return failure("conflict", field, "the registry holds this ICCID with another " + std::string(field));
        };
        if (found->identity.imsi != row.identity.imsi) return differs("imsi");
        if (found->identity.msisdn != row.identity.msisdn) return differs("msisdn");
        if (found->profile != row.profile) return differs("profile");
        if (row.port != 0) {  // it has an IMEI, so what is known by that is a terminal
            TESSERA_TRY_VALUE(const auto known, store_.terminal_port(found->id));
            if (known != row.port) return differs("port");
        }
        return found->id;
    }

    // Likewise: those that contradict the registry refuse the row.
    result<std::vector<const key_set*>> keys_to_add(card_id id, bool inserted, const import_row& row) {
        std::vector<const key_set*> all;
        if (row.keys) all.push_back(&*row.keys);
        for (const auto& one : row.more_keys) all.push_back(&one.keys);
        if (inserted || all.empty()) return all;
        TESSERA_TRY_VALUE(const auto known, store_.key_sets(id));
        std::vector<const key_set*> fresh;
        for (const auto* one : all) {
            TESSERA_TRY_VALUE(const bool held, holds(id, known, *one));
            if (!held) fresh.push_back(one);
        }
        return fresh;
    }

    result<bool> holds(card_id id, const std::vector<stored_key_set>& known, const key_set& keys) {
        const auto found = std::ranges::find_if(known, [&](const stored_key_set& one) {
            return one.header.key_version == keys.header.key_version &&
                   one.header.application == keys.header.application;
        });
        if (found == known.end()) return false;
        if (found->header.scope != keys.header.scope)
            return failure("conflict", "counter_scope", "the card has a key set of this version with another scope");
        if (found->header.kic_algorithm != keys.header.kic_algorithm ||
            found->header.kid_algorithm != keys.header.kid_algorithm)
            return failure("conflict", "kvn", "the card has a key set of this version with other algorithms");
        TESSERA_TRY_VALUE(const key_set held, vault_->unwrap(id, found->header, found->wrapped));
        if (!(held.kic == keys.kic) || !(held.kid == keys.kid))
            return failure("conflict", "kvn", "the card has a key set of this version with other keys");
        return true;
    }

    result<void> put_keys(card_id id, const key_set& keys) {
        stored_key_set stored{keys.header, {}};
        TESSERA_TRY(vault_->wrap(id, keys, stored.wrapped));
        TESSERA_TRY_VALUE(const bool added, store_.insert_key_set(id, stored, now_));
        if (added) return {};
        return failure("conflict", "kvn", "the record has two key sets of this version for one application");
    }

    // Returns how many are new.
    result<std::size_t> add_encryption_keys(card_id id, const import_row& row) {
        std::size_t added = 0;
        if (row.encryption) {
            TESSERA_TRY_VALUE(const bool fresh, add_encryption_key(id, row.keys->header.key_version, *row.encryption));
            added += fresh ? 1 : 0;
        }
        for (const auto& one : row.more_keys) {
            if (!one.encryption) continue;
            TESSERA_TRY_VALUE(const bool fresh, add_encryption_key(id, one.keys.header.key_version, *one.encryption));
            added += fresh ? 1 : 0;
        }
        return added;
    }

    // False: the key set has it already.
    result<bool> add_encryption_key(card_id id, std::uint8_t key_version, const encryption_key& key) {
        key_rotation_store rotations(*writer_);
        TESSERA_TRY_VALUE(const auto held, rotations.find_encryption_key(id, key_version, *vault_));
        if (held && (held->algorithm != key.algorithm || !(held->key == key.key)))
            return failure("conflict", "dek_key", "the card's key set has another key encryption key");
        if (held) return false;
        bytes wrapped;
        TESSERA_TRY(vault_->wrap_encryption_key(id, key_version, key.algorithm, key.key, wrapped));
        return rotations.insert_encryption_key(id, key_version, key.algorithm, wrapped);
    }

    store::connection* writer_;
    card_store store_;
    key_vault* vault_;
    timestamp now_;
    std::int64_t next_id_ = 0;
    std::unordered_map<std::string, profile_id> profiles_;
};

std::string with_reason(const read_record& one, const error& problem) {
    auto text = one.rejected + "," + std::to_string(one.line) + ",";
    append_csv_field(text, problem.field);
    text.push_back(',');
    append_csv_field(text, problem.message);
    return text;
}

class csv_source final : public row_source {
public:
    csv_source(csv_reader reader, const import_columns& columns, std::string_view profile)
        : reader_(std::move(reader)), columns_(columns), profile_(profile) {}

    result<bool> next() override {
        auto more = reader_.next();
        if (more) return more;
        return failure("bad_csv", "row", std::move(more.error().message));
    }
    result<import_row> row() override { return columns_.parse(reader_.fields(), profile_); }
    std::size_t line() const override { return reader_.line(); }
    std::string rejects_header() const override { return columns_.canonical_header(); }
    std::string rejected() const override { return columns_.canonical_row(reader_.fields()); }

private:
    csv_reader reader_;
    import_columns columns_;
    std::string_view profile_;
};

class import_run {
public:
    import_run(row_source& from, const import_options& options, store::connection& writer, key_vault& vault,
               timestamp now, rejects_file& rejects)
        : from_(&from), strict_(options.strict), writer_(&writer), into_(writer, vault, now), rejects_(&rejects) {}

    // With `strict`, in the transaction that the caller has begun; else in one for each batch, which makes it durable.
    result<void> add_all(const std::function<void(std::size_t)>& progress) {
        for (bool more = true; more;) {
            more = read_batch(progress);
            if (batch_.empty()) break;
            if (strict_) {
                TESSERA_TRY_VALUE(const auto added, into_.add(batch_));
                TESSERA_TRY(take(added));
            } else {
                TESSERA_TRY_VALUE(const auto added,
                                  store::in_transaction(*writer_, [&] { return add_beside_others(); }));
                TESSERA_TRY(take(added));
            }
        }
        return {};
    }
    [[nodiscard]] import_report& report() { return report_; }

private:
    // False: there is no more.
    bool read_batch(const std::function<void(std::size_t)>& progress) {
        batch_.clear();
        while (batch_.size() < limits::import_batch_rows) {
            auto more = from_->next();
            if (more && !*more) return false;
            ++report_.rows;
            auto row = more ? from_->row() : result<import_row>(std::unexpected(std::move(more).error()));
            batch_.push_back({from_->line(), std::move(row), strict_ ? std::string() : from_->rejected()});
            if (report_.rows % 10'000 == 0) progress(report_.rows);
        }
        return true;
    }

    // Somebody else may import the same cards. Another look finds them.
    result<batch_report> add_beside_others() {
        auto added = into_.add(batch_);
        if (!added && added.error().code == store::code_unique) added.error().code = store::code_retry;
        return added;
    }

    result<void> take(const batch_report& added) {
        const auto& counts = added.counts;
        report_.cards_added += counts.cards_added;
        report_.key_sets_added += counts.key_sets_added;
        report_.tags_added += counts.tags_added;
        report_.variables_added += counts.variables_added;
        report_.unchanged += counts.unchanged;
        report_.rejected += added.rejected.size();
        for (const auto& [one, problem] : added.rejected) {
            if (report_.problems.size() < import_problems_kept)
                report_.problems.push_back({one->line, problem.field, problem.message});
            if (!strict_) TESSERA_TRY(rejects_->add(with_reason(*one, problem)));
        }
        return {};
    }

    row_source* from_;
    bool strict_;
    store::connection* writer_;
    importer into_;
    rejects_file* rejects_;
    std::vector<read_record> batch_;
    import_report report_;
};

// One transaction: nothing of the file, or all of it.
result<void> add_strictly(import_run& run, const std::string& path, row_source& from, store::connection& writer,
                          const std::function<void(std::size_t)>& progress) {
    TESSERA_TRY(writer.begin());
    TESSERA_TRY(run.add_all(progress));
    auto& report = run.report();
    const auto whole = from.remark_on_whole();
    if (whole) report.problems.push_back({whole->line, whole->problem.field, whole->problem.message});
    if (report.rejected == 0 && !whole) return writer.commit();
    auto reason = std::to_string(report.rejected) + " of " + std::to_string(report.rows) + " rows are bad" +
                  (whole ? ", and so is their number" : "") + "; nothing was imported";
    for (const auto& one : report.problems)
        reason += "\n  " + path + ":" + std::to_string(one.line) + " " + one.field + ": " + one.reason;
    return failure("refused", path, std::move(reason));
}

}  // namespace

result<import_report> import_rows(const std::string& path, row_source& from, const import_options& options,
                                  store::connection& writer, key_vault& vault, timestamp now,
                                  const std::function<void(std::size_t)>& progress) {
    rejects_file rejects(path, from.rejects_header());
    import_run run(from, options, writer, vault, now, rejects);
    if (options.strict) {
        auto added = add_strictly(run, path, from, writer, progress);
        if (!added) writer.rollback();
        if (!added) return std::unexpected(std::move(added).error());
    } else {
        TESSERA_TRY(run.add_all(progress));
        const auto whole = from.remark_on_whole();
        if (whole) run.report().problems.push_back({whole->line, whole->problem.field, whole->problem.message});
    }
    TESSERA_TRY_VALUE(run.report().rejects_file, rejects.finish());
    return std::move(run.report());
}

result<import_report> import_cards(const std::string& path, const import_options& options, store::connection& writer,
                                   key_vault& vault, timestamp now, const std::function<void(std::size_t)>& progress) {
    TESSERA_TRY_VALUE(csv_reader reader, csv_reader::open(path));
    TESSERA_TRY_VALUE(const bool header, reader.next());
    if (!header) return failure("bad_header", path, "is empty; expected: " + import_columns::known());
    TESSERA_TRY_VALUE(const import_columns columns, import_columns::from_header(reader.fields(), path));
    csv_source from(std::move(reader), columns, options.profile);
    return import_rows(path, from, options, writer, vault, now, progress);
}

}  // namespace tessera::cards
