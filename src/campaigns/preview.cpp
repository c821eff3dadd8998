#include "campaigns/preview.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/limits.h"
#include "campaigns/audit_plan.h"
#include "campaigns/card_plan.h"
#include "campaigns/chunk_rows.h"
#include "campaigns/packet_scripts.h"
#include "campaigns/personal_writes.h"
#include "campaigns/selection.h"
#include "campaigns/target_sides.h"
#include "campaigns/wave_store.h"
#include "cards/store.h"
#include "codec/sms_tpdu.h"

namespace tessera::campaigns {
namespace {

// In front of WHERE, after FROM: what P1 reads of a card, but for the keys themselves. $1 is the key version, 0 for
// each card's own, $2 the application.
#define TESSERA_PREVIEW_COLUMNS \
    "SELECT c.card_id, c.msisdn, k.kic_algorithm, k.kid_algorithm, k.initial_counter, n.counter "
#define TESSERA_PREVIEW_VERSION "COALESCE(u.key_version, CASE WHEN $1 = 0 THEN 1 ELSE $1 END)"
#define TESSERA_PREVIEW_KEYS \
    "LEFT JOIN current_key_set u ON u.card_id = c.card_id AND $1 = 0 "                 \
    "LEFT JOIN key_set k ON k.card_id = c.card_id AND "                                \
    "k.key_version = " TESSERA_PREVIEW_VERSION " AND k.application = "                 \
    TESSERA_KEYS_OF_APPLICATION("c.card_id", TESSERA_PREVIEW_VERSION, "$2")            \
    " LEFT JOIN key_counter n ON n.card_id = c.card_id AND n.key_version = k.key_version " \
    "AND n.application = " TESSERA_COUNTING_APPLICATION("$2") " "

struct card_row {
    cards::card_id id;
    telecom::subscriber_number subscriber;
    bool has_keys;
    bool has_encryption_key;  // of a rotation: of the key set that is replaced,
    bool has_new_keys;        // and of the new version a key set that is not on its way
    cards::key_set_header header;
    std::uint64_t last_counter;
};

// What one card's packets come to; the same for all cards with keys of these algorithms.
struct packet_measure {
    std::int64_t packets = 0;  // 0: they cannot be built
    std::int64_t short_messages = 0;
};

// What a rotation asks of a card besides, as columns behind the others; versions are small numbers.
std::string rotation_columns(const definition& what) {
    if (!what.rotation) return {};
    const auto replaced = std::to_string(what.rotation->replaced), version = std::to_string(what.rotation->version);
    return ", EXISTS (SELECT 1 FROM key_encryption_key e WHERE e.card_id = c.card_id AND e.key_version = " + replaced +
           "), EXISTS (SELECT 1 FROM key_set f WHERE f.card_id = c.card_id AND f.key_version = " + version +
           " AND f.application IN (-1, $2)) AND NOT EXISTS (SELECT 1 FROM key_rotation r WHERE r.card_id = c.card_id "
           "AND r.key_version = " +
           version + " AND r.state = 0) ";
}

bool reaches(const telecom::route_table& routes, telecom::subscriber_number subscriber) {
    telecom::route_table::choice room;
    return !routes.candidates(subscriber, room).empty();
}

class previewer {
public:
    previewer(store::connection& reader, const definition& what, const preview_network& network)
        : reader_(&reader), what_(&what), network_(network) {
        auto scripts = scripts_of(what);
        if (!scripts) return;  // the campaign file was read, so there is none that cannot be made
        for (auto& one : scripts->first) scripts_.push_back(std::move(one.octets));
        if (what.is_audit()) scripts_ = audit_plan(what).scripts_of({});
    }

    void bind(store::statement& query) const {
        query.bind(1,
                   what_->current_key_set ? std::int64_t{0} : static_cast<std::int64_t>(what_->security.key_version));
        query.bind(2, static_cast<std::int64_t>(operations::application_of(what_->security.tar)));
    }
    // Rows of a query that begins with TESSERA_PREVIEW_COLUMNS, in order of card id; `meant` says which count.
    template <class Meant>
    result<void> count(store::statement& query, Meant&& meant) {
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query.step());
            if (more && meant(cards::card_id{query.integer(0)})) rows_.push_back(read(query));
            if (!more || rows_.size() == limits::chunk_cards) TESSERA_TRY(count_rows());
            if (!more) return {};
        }
    }
    [[nodiscard]] const campaign_preview& made() const { return made_; }

private:
    card_row read(const store::statement& row) const {
        card_row found{};
        found.id = cards::card_id{row.integer(0)};
        found.subscriber = static_cast<telecom::subscriber_number>(row.integer(1));
        found.has_keys = !row.is_null(2);
        found.header = {what_->security.key_version, static_cast<crypto::cipher_algorithm>(row.integer(2)),
                        static_cast<crypto::cipher_algorithm>(row.integer(3)),
                        static_cast<std::uint64_t>(row.integer(4))};
        constexpr int behind = 6;
        found.has_encryption_key = !what_->rotation || row.integer(behind) != 0;
        found.has_new_keys = what_->rotation && row.integer(behind + 1) != 0;
        found.last_counter = std::max(found.header.initial_counter, static_cast<std::uint64_t>(row.integer(5)));
        return found;
    }

    result<void> count_rows() {
        if (rows_.empty()) return {};
        TESSERA_TRY(images_.load(*reader_, cards_between(rows_.front().id, rows_.back().id), what_->writes));
        TESSERA_TRY_VALUE(const auto under_way,
                          campaign_store(*reader_).changed_by_others({}, rows_.front().id, rows_.back().id));
        images_.doubt(under_way);
        for (const auto& row : rows_) TESSERA_TRY(count_card(row));
        rows_.clear();
        return {};
    }

    result<void> count_card(const card_row& row) {
        ++made_.targets;
        if (!what_->is_personal()) {
            count_writes(row, what_->writes);
            return {};
        }
        TESSERA_TRY_VALUE(const auto own, writes_for(*reader_, *what_, row.id));
        if (!own) {
            ++made_.no_variable;
            return {};
        }
        // Every card's own scripts, measured for itself.
        scripts_.clear();
        measures_.clear();
        const auto mine = with_writes(*what_, *own);
        TESSERA_TRY_VALUE(auto scripts, scripts_of(mine));
        for (auto& one : scripts.first) scripts_.push_back(std::move(one.octets));
        count_writes(row, *own);
        return {};
    }

    void count_writes(const card_row& row, const std::vector<operations::file_write>& writes) {
        const auto held = !what_->is_audit() && holds_all(images_, row.id, writes);
        switch (plan_of({operations::purpose::write, held, row.subscriber != 0, row.has_keys})) {
            case card_plan::skip:
                ++made_.skipped;
                return;
            case card_plan::no_subscriber:
                ++made_.no_subscriber;
                return;
            case card_plan::no_key:
                ++made_.no_key;
                return;
            case card_plan::listen:
            case card_plan::repeat:
            case card_plan::build:
                break;
        }
        if (!row.has_encryption_key) {
            ++made_.no_encryption_key;
            return;
        }
        if (row.has_new_keys) {
            ++made_.skipped;
            return;
        }
        if (network_.routes != nullptr && !reaches(*network_.routes, row.subscriber)) {
            ++made_.no_route;
            return;
        }
        const auto& measure = measure_of(row.header);
        const auto before_last = row.last_counter + static_cast<std::uint64_t>(measure.packets) - 1;
        if (measure.packets == 0 || !operations::next_counter(before_last)) {
            ++made_.no_packet;
            return;
        }
        if (before_last + limits::counter_left_warning >= codec::counter_max) ++made_.near_counter_end;
        ++made_.cards;
        made_.packets += measure.packets;
        made_.short_messages += measure.short_messages;
    }

    const packet_measure& measure_of(const cards::key_set_header& header) {
        const auto [found, fresh] = measures_.try_emplace({header.kic_algorithm, header.kid_algorithm});
        if (fresh) found->second = measured(header);
        return found->second;
    }

    // A packet's length depends on the algorithms and not on the keys, so one card's packets are built with keys of
    // zeros, and thrown away.
    packet_measure measured(const cards::key_set_header& header) {
        const auto security = operations::security_for(what_->security, header);
        if (!operations::speakable(security)) return {};
        const bytes kic(crypto::key_octets(header.kic_algorithm), 0);
        const bytes kid(crypto::key_octets(header.kid_algorithm), 0);
        packet_measure made;
        for (const auto& script : scripts_) {
            bytes packet;
            if (!codec_.encode_command(security, {kic, kid}, 1, script, packet)) return {};
            ++made.packets;
            made.short_messages += static_cast<std::int64_t>(
                codec::part_count(packet.size(), network_.reference_bits, what_->is_for_terminals()));
        }
        return made;
    }

    store::connection* reader_;
    const definition* what_;
    preview_network network_;
    std::vector<bytes> scripts_;
    codec::secured_packet_codec codec_;
    std::map<std::pair<crypto::cipher_algorithm, crypto::cipher_algorithm>, packet_measure> measures_;
    std::vector<card_row> rows_;
    image_scan images_;
    campaign_preview made_;
};

// The cards that the targets of this side mean now.
result<campaign_preview> preview_meant(store::connection& reader, const definition& side,
                                       const preview_network& network) {
    previewer counting(reader, side, network);
    const auto count = [&](const selection_piece& piece) -> result<void> {
        TESSERA_TRY_VALUE(const auto query, reader.prepare(TESSERA_PREVIEW_COLUMNS + rotation_columns(side) +
                                                           "FROM card c " TESSERA_PREVIEW_KEYS "WHERE " +
                                                           piece.condition + " ORDER BY c.card_id"));
        counting.bind(*query);
        piece.bind(*query);
        return counting.count(*query, [](cards::card_id) { return true; });
    };
    TESSERA_TRY(for_each_piece(side.targets, 3, count));
    return counting.made();
}

// Of those chosen, whoever the side is for. terminals: none where nobody is one.
result<campaign_preview> preview_chosen(store::connection& reader, campaign_key key, const definition& side,
                                        const preview_network& network, const terminal_ports& terminals) {
    previewer counting(reader, side, network);
    TESSERA_TRY_VALUE(const bool in_legs, wave_store(reader).in_legs(key));
    const std::string_view from = in_legs
                                      ? "FROM leg_target t JOIN card c ON c.card_id = t.card_id " TESSERA_PREVIEW_KEYS
                                        "WHERE t.campaign_key = $3 ORDER BY t.card_id"
                                      : "FROM target t JOIN card c ON c.card_id = t.card_id " TESSERA_PREVIEW_KEYS
                                        "WHERE t.campaign_key = $3 AND t.round = 1 ORDER BY t.card_id";
    TESSERA_TRY_VALUE(const auto query,
                      reader.prepare(TESSERA_PREVIEW_COLUMNS + rotation_columns(side) + std::string(from)));
    counting.bind(*query);
    query->bind(3, key.value);
    TESSERA_TRY(counting.count(
        *query, [&](cards::card_id card) { return (terminals.of(card) != 0) == side.is_for_terminals(); }));
    return counting.made();
}

// Both sides of the campaign, or the one that it has.
template <class Preview>
result<campaign_preview> preview_sides(const definition& what, Preview&& preview) {
    if (!what.terminals) return preview(what);
    campaign_preview made;
    if (!what.is_for_terminals()) {
        TESSERA_TRY_VALUE(made, preview(for_cards(what)));
    }
    TESSERA_TRY_VALUE(const auto more, preview(for_terminals(what)));
    return made += more;
}

}  // namespace

campaign_preview& campaign_preview::operator+=(const campaign_preview& other) {
    targets += other.targets, skipped += other.skipped, cards += other.cards;
    no_subscriber += other.no_subscriber, no_key += other.no_key, no_variable += other.no_variable;
    no_encryption_key += other.no_encryption_key, no_route += other.no_route;
    no_packet += other.no_packet, near_counter_end += other.near_counter_end;
    packets += other.packets, short_messages += other.short_messages;
    return *this;
}

result<campaign_preview> preview_definition(store::connection& reader, const definition& what,
                                            const preview_network& network) {
    const store::snapshot view(reader);
    TESSERA_TRY(view.begun());
    return preview_sides(what, [&](const definition& side) { return preview_meant(reader, side, network); });
}

result<campaign_preview> preview_targets(store::connection& reader, campaign_key key, const definition& what,
                                         const preview_network& network) {
    const store::snapshot view(reader);
    TESSERA_TRY(view.begun());
    terminal_ports terminals;
    if (what.terminals) TESSERA_TRY(terminals.load(reader, {}, {std::numeric_limits<std::int64_t>::max()}));
    return preview_sides(what,
                         [&](const definition& side) { return preview_chosen(reader, key, side, network, terminals); });
}

result<std::int64_t> targets_without_route(store::connection& reader, campaign_key key,
                                           const telecom::route_table& routes) {
    const store::snapshot view(reader);
    TESSERA_TRY(view.begun());
    TESSERA_TRY_VALUE(const bool in_legs, wave_store(reader).in_legs(key));
    TESSERA_TRY_VALUE(auto* query,
                      in_legs ? reader.kept("SELECT c.msisdn FROM leg_target t JOIN card c ON c.card_id = t.card_id "
                                            "WHERE t.campaign_key = $1 AND c.msisdn <> 0")
                              : reader.kept("SELECT c.msisdn FROM target t JOIN card c ON c.card_id = t.card_id "
                                            "WHERE t.campaign_key = $1 AND t.round = 1 AND c.msisdn <> 0"));
    query->in_pieces();
    query->with(key.value);
    std::int64_t found = 0;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        if (!reaches(routes, static_cast<telecom::subscriber_number>(query->integer(0)))) ++found;
    }
}

sending_estimate estimate_sending(std::int64_t short_messages,
                                  const std::vector<const telecom::smsc_settings*>& smscs) {
    sending_estimate made;
    made.by_rate = true;
    for (const auto* smsc : smscs) {
        const auto by_window = static_cast<double>(smsc->window) * smsc->sessions / seconds(assumed_submit_answer);
        const bool by_rate = smsc->rate > 0 && smsc->rate <= by_window;
        made.per_second += by_rate ? smsc->rate : by_window;
        made.by_rate = made.by_rate && by_rate;
    }
    made.seconds = static_cast<double>(short_messages) / made.per_second;
    return made;
}

}  // namespace tessera::campaigns
