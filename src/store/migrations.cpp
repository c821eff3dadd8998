#include "store/migrations.h"

#include <array>
#include <string>

#include "store/migration_texts.h"

namespace tessera::store {
namespace {

struct migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

constexpr std::string_view cards_sql = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) {table};

CREATE TABLE profile (
    profile_id {int} PRIMARY KEY,
    name TEXT NOT NULL UNIQUE) {table};

CREATE TABLE card (
    card_id {int} PRIMARY KEY,
    iccid TEXT NOT NULL,
    imsi TEXT,
    msisdn {int},
    profile_id {int} NOT NULL REFERENCES profile (profile_id),
    imported_at {int} NOT NULL) {table};
CREATE UNIQUE INDEX card_iccid ON card (iccid);
CREATE UNIQUE INDEX card_imsi ON card (imsi);
CREATE UNIQUE INDEX card_msisdn ON card (msisdn);

CREATE TABLE key_set (
    card_id {int} NOT NULL,
    key_version {int} NOT NULL,
    kic_algorithm {int} NOT NULL,
    kid_algorithm {int} NOT NULL,
    wrapped {blob} NOT NULL,
    initial_counter {int} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (card_id, key_version)) {clustered};

-- The highest counter ever given to a packet, per key set and application. A row appears with the first packet.
CREATE TABLE key_counter (
    card_id {int} NOT NULL,
    key_version {int} NOT NULL,
    application {int} NOT NULL,
    counter {int} NOT NULL,
    PRIMARY KEY (card_id, key_version, application)) {clustered};

-- What the card is known to hold; record 0 is a transparent file. version counts this entry's changes; a card's image version
-- is the sum of them, so a change costs one write (C-16).
CREATE TABLE image_file (
    card_id {int} NOT NULL,
    file TEXT NOT NULL,
    record {int} NOT NULL,
    content {blob} NOT NULL,
    version {int} NOT NULL,
    updated_at {int} NOT NULL,
    PRIMARY KEY (card_id, file, record)) {clustered};
)sql";

constexpr std::string_view campaigns_sql = R"sql(
CREATE TABLE campaign (
    campaign_key {int} PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    application {int} NOT NULL,
    state {int} NOT NULL,
    round {int} NOT NULL,
    phase {int} NOT NULL,
    targets {int} NOT NULL,
    created_at {int} NOT NULL,
    finished_at {int},
    definition TEXT NOT NULL) {table};

-- When each phase ran; a phase that a crash cut short has further runs.
CREATE TABLE campaign_phase (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    phase {int} NOT NULL,
    run {int} NOT NULL,
    started_at {int} NOT NULL,
    ended_at {int},
    PRIMARY KEY (campaign_key, round, phase, run)) {clustered};

-- Immutable: who takes part in a round, and what for (write, listen, read back).
CREATE TABLE target (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    card_id {int} NOT NULL,
    purpose {int} NOT NULL,
    PRIMARY KEY (campaign_key, round, card_id)) {clustered};

-- The unit of work: targets of one round between two card ids. owner, epoch and lease_until fence its workers.
CREATE TABLE chunk (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    chunk {int} NOT NULL,
    first_card {int} NOT NULL,
    last_card {int} NOT NULL,
    targets {int} NOT NULL,
    state {int} NOT NULL,
    owner TEXT NOT NULL,
    epoch {int} NOT NULL,
    lease_until {int} NOT NULL,
    attempt {int} NOT NULL,
    prepared {int} NOT NULL,
    sent {int} NOT NULL,
    answered {int} NOT NULL,
    done {int} NOT NULL,
    skipped {int} NOT NULL,
    failed {int} NOT NULL,
    unknown {int} NOT NULL,
    next_round {int} NOT NULL,
    PRIMARY KEY (campaign_key, round, chunk)) {clustered};

CREATE INDEX chunk_by_card ON chunk (campaign_key, round, last_card);

-- The buffer of C-2: the final octets of a chunk's packets, with the counters that went into them, packed.
CREATE TABLE message_block (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    chunk {int} NOT NULL,
    octets {blob} NOT NULL,
    PRIMARY KEY (campaign_key, round, chunk)) {table};

-- What came back for a chunk, raw (C-7): user data of short messages, permanent refusals. Append only.
CREATE TABLE answer_block (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    chunk {int} NOT NULL,
    ordinal {int} NOT NULL,
    octets {blob} NOT NULL,
    PRIMARY KEY (campaign_key, round, chunk, ordinal)) {table};

-- Cards with an answer that came outside its own exchange; emptied when it has found its campaign (C-8).
CREATE TABLE late_answer (card_id {int} PRIMARY KEY) {table};

-- Inbound messages that belong to no campaign; kept, so that nothing acknowledged to the network is lost.
CREATE TABLE unmatched_message (
    ordinal {int} PRIMARY KEY,
    subscriber {int} NOT NULL,
    octets {blob} NOT NULL) {table};

-- Files whose image may be wrong: something was sent that wrote them, and what became of it is not known. The image keeps what
-- was last proved (C-8), but nobody is skipped on the strength of it.
CREATE TABLE image_doubt (
    card_id {int} NOT NULL,
    file TEXT NOT NULL,
    record {int} NOT NULL,
    PRIMARY KEY (card_id, file, record)) {clustered};

-- Insert only; the highest revision counts. A revision above 0 is a late acknowledgement's.
CREATE TABLE outcome (
    campaign_key {int} NOT NULL,
    card_id {int} NOT NULL,
    revision {int} NOT NULL,
    outcome {int} NOT NULL,
    cause {int} NOT NULL,
    cause_value {int} NOT NULL,
    cause_detail {int} NOT NULL,
    attempts {int} NOT NULL,
    round {int} NOT NULL,
    settled_at {int} NOT NULL,
    PRIMARY KEY (campaign_key, card_id, revision)) {clustered};
)sql";

constexpr std::string_view operations_sql = R"sql(
-- Single operations on one card. moment rises with everything that any of them does to a card's counters or image, so a
-- message that was formatted at an earlier moment than its card's latest is stale (C-14, C-16).
CREATE TABLE operation (
    operation_key {int} PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    card_id {int} NOT NULL,
    moment {int} NOT NULL,
    state {int} NOT NULL,
    kind {int} NOT NULL,
    what TEXT NOT NULL,
    application {int} NOT NULL,
    key_version {int} NOT NULL,
    outcome {int},
    cause {int},
    cause_value {int},
    cause_detail {int},
    attempts {int} NOT NULL,
    started_at {int} NOT NULL,
    ended_at {int}) {table};

CREATE INDEX operation_by_moment ON operation (moment, card_id);
CREATE INDEX operation_in_flight ON operation (card_id) WHERE state = 0;
CREATE INDEX operation_by_card ON operation (card_id, operation_key);

-- What was built for it, committed before it is sent, and what came back, raw.
CREATE TABLE operation_packet (
    operation_key {int} NOT NULL,
    sequence {int} NOT NULL,
    counter {int} NOT NULL,
    octets {blob} NOT NULL,
    PRIMARY KEY (operation_key, sequence)) {table};
CREATE TABLE operation_answer (
    operation_key {int} NOT NULL,
    ordinal {int} NOT NULL,
    octets {blob} NOT NULL,
    PRIMARY KEY (operation_key, ordinal)) {table};

-- The packet by which the card proved the content: of two, the higher counter was executed later.
ALTER TABLE image_file ADD COLUMN key_version {int} NOT NULL DEFAULT 0;
ALTER TABLE image_file ADD COLUMN application {int} NOT NULL DEFAULT 0;
ALTER TABLE image_file ADD COLUMN counter {int} NOT NULL DEFAULT 0;

-- The moment at which the chunk's messages were formatted.
ALTER TABLE chunk ADD COLUMN formatted {int} NOT NULL DEFAULT 0;
)sql";

// Names that operators give to cards, to pick them by. By tag first: a selection reads one tag's cards in order.
constexpr std::string_view tags_sql = R"sql(
CREATE TABLE card_tag (
    tag TEXT NOT NULL,
    card_id {int} NOT NULL,
    PRIMARY KEY (tag, card_id)) {clustered};
CREATE INDEX card_tag_by_card ON card_tag (card_id);
)sql";

constexpr std::string_view key_rotation_sql = R"sql(
-- Key 3 of a key set: what encrypts keys that are sent to the card (KIK, DEK).
CREATE TABLE key_encryption_key (
    card_id {int} NOT NULL,
    key_version {int} NOT NULL,
    algorithm {int} NOT NULL,
    wrapped {blob} NOT NULL,
    PRIMARY KEY (card_id, key_version)) {clustered};

-- Key sets that campaigns made. Pending: the card may have it, or may not; nobody speaks by it but to find out.
CREATE TABLE key_rotation (
    card_id {int} NOT NULL,
    key_version {int} NOT NULL,
    replaced {int} NOT NULL,
    state {int} NOT NULL,
    begun_at {int} NOT NULL,
    proved_at {int},
    PRIMARY KEY (card_id, key_version)) {clustered};

-- By which key set to speak where nobody says; cards that never had theirs rotated have no row.
CREATE TABLE current_key_set (
    card_id {int} PRIMARY KEY,
    key_version {int} NOT NULL) {table};
)sql";

constexpr std::string_view waves_sql = R"sql(
-- A campaign in waves goes in legs, each with rounds of its own from first_round on (0: not begun, not ended). seed: of
-- the order in which the waves drew their cards.
CREATE TABLE campaign_leg (
    campaign_key {int} NOT NULL,
    leg {int} NOT NULL,
    wave {int} NOT NULL,
    zone TEXT NOT NULL,
    seed {int} NOT NULL,
    targets {int} NOT NULL,
    first_round {int} NOT NULL,
    last_round {int} NOT NULL,
    PRIMARY KEY (campaign_key, leg)) {clustered};

-- Immutable: which leg each card goes in.
CREATE TABLE leg_target (
    campaign_key {int} NOT NULL,
    card_id {int} NOT NULL,
    leg {int} NOT NULL,
    PRIMARY KEY (campaign_key, card_id)) {clustered};
CREATE INDEX leg_target_by_leg ON leg_target (campaign_key, leg, card_id);

-- What a campaign has to wait for until somebody approves, and who did.
CREATE TABLE campaign_gate (
    campaign_key {int} NOT NULL,
    gate {int} NOT NULL,
    kind {int} NOT NULL,
    wave {int} NOT NULL,
    reason TEXT NOT NULL,
    asked_at {int} NOT NULL,
    approved_by TEXT,
    approved_at {int},
    PRIMARY KEY (campaign_key, gate)) {clustered};
)sql";

// A card may have key sets of one version for several applications; application -1 is the set of all that have none of
// their own. counter_scope 1: one counter for all applications of the set, kept under application -1.
constexpr std::string_view application_keys_sql = R"sql(
CREATE TABLE key_set_of_application (
    card_id {int} NOT NULL,
    key_version {int} NOT NULL,
    application {int} NOT NULL,
    kic_algorithm {int} NOT NULL,
    kid_algorithm {int} NOT NULL,
    wrapped {blob} NOT NULL,
    initial_counter {int} NOT NULL,
    counter_scope {int} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (card_id, key_version, application)) {clustered};
INSERT INTO key_set_of_application (card_id, key_version, application, kic_algorithm, kid_algorithm, wrapped,
    initial_counter, counter_scope, created_at)
    SELECT card_id, key_version, -1, kic_algorithm, kid_algorithm, wrapped, initial_counter, 0, created_at FROM key_set;
DROP TABLE key_set;
ALTER TABLE key_set_of_application RENAME TO key_set;
-- Whether any card has a set of its own for an application; fleets without pay nothing for it.
CREATE INDEX key_set_by_application ON key_set (application) WHERE application >= 0;
)sql";

// The catalogue of profiles: what is said of each, as a section of its file.
constexpr std::string_view profile_facts_sql = R"sql(
CREATE TABLE profile_fact (
    name TEXT PRIMARY KEY,
    facts TEXT NOT NULL,
    changed_at {int} NOT NULL) {table};
)sql";

// Keys under which vendors send keys: the exclusive-or of the components given so far, wrapped.
constexpr std::string_view transport_keys_sql = R"sql(
CREATE TABLE transport_key (
    name TEXT PRIMARY KEY,
    algorithm {int} NOT NULL,
    components {int} NOT NULL,
    wrapped {blob} NOT NULL,
    check_value {blob} NOT NULL,
    changed_at {int} NOT NULL) {table};
CREATE TABLE transport_key_component (
    name TEXT NOT NULL,
    ordinal {int} NOT NULL,
    custodian TEXT NOT NULL,
    check_value {blob} NOT NULL,
    given_at {int} NOT NULL,
    PRIMARY KEY (name, ordinal)) {clustered};
)sql";

constexpr std::string_view safety_sql = R"sql(
-- The global stop: a row without lifted_at stands.
CREATE TABLE global_stop (
    stop {int} PRIMARY KEY,
    stopped_by TEXT NOT NULL,
    stopped_at {int} NOT NULL,
    lifted_by TEXT,
    lifted_at {int}) {table};

-- Cards of released chunks of which nothing had left when the exchange was stopped.
CREATE TABLE unsent_target (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    card_id {int} NOT NULL,
    PRIMARY KEY (campaign_key, round, card_id)) {clustered};

-- Short messages of all campaigns by the minute (since 1970), where the house allows so many an hour only.
CREATE TABLE sends (
    minute {int} PRIMARY KEY,
    messages {int} NOT NULL) {table};
)sql";

// What a single operation was asked for, so that an answer that comes after its end can still be weighed. Of older ones
// spi is 0, and nothing is known.
constexpr std::string_view operation_requests_sql = R"sql(
ALTER TABLE operation ADD COLUMN spi {int} NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN checksum_octets {int} NOT NULL DEFAULT 8;
ALTER TABLE operation ADD COLUMN parts_max {int} NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN file TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN record {int} NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN commands {int} NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN content {blob};
CREATE INDEX operation_unknown ON operation (card_id) WHERE outcome = 3;
)sql";

// Counters with fewer than 2^32 values left, found without looking at the others; limits::counter_watched.
constexpr std::string_view watched_counters_sql = R"sql(
CREATE INDEX key_counter_watched ON key_counter (counter) WHERE counter >= 1095216660479;
CREATE INDEX key_set_watched ON key_set (initial_counter) WHERE initial_counter >= 1095216660479;
)sql";

constexpr std::array<migration, 25> migrations{{{1, "cards", cards_sql},
                                                {2, "campaigns", campaigns_sql},
                                                {3, "operations", operations_sql},
                                                {4, "tags", tags_sql},
                                                {5, "key_rotation", key_rotation_sql},
                                                {6, "waves", waves_sql},
                                                {7, "application_keys", application_keys_sql},
                                                {8, "profile_facts", profile_facts_sql},
                                                {9, "transport_keys", transport_keys_sql},
                                                {10, "safety", safety_sql},
                                                {11, "operation_requests", operation_requests_sql},
                                                {12, "watched_counters", watched_counters_sql},
                                                {13, "audits", audits_sql},
                                                {14, "numbers", numbers_sql},
                                                {15, "variables", variables_sql},
                                                {16, "events", events_sql},
                                                {17, "triggers", triggers_sql},
                                                {18, "terminals", terminals_sql},
                                                {19, "campaigns by state", campaigns_by_state_sql},
                                                {20, "event_sources", event_sources_sql},
                                                {21, "trigger_refusals", trigger_refusals_sql},
                                                {22, "unmatched_counts", unmatched_counts_sql},
                                                {23, "many_processes", many_processes_sql},
                                                {24, "blocks as they are", blocks_as_they_are_sql},
                                                {25, "readings by version", readings_by_version_sql}}};

std::string in_dialect(const database& storage, std::string_view sql) {
    std::string text;
    text.reserve(sql.size() + 256);
    while (!sql.empty()) {
        const auto open = sql.find('{');
        text.append(sql.substr(0, open));
        if (open == std::string_view::npos) break;
        const auto close = sql.find('}', open);
        text.append(storage.dialect_word(sql.substr(open + 1, close - open - 1)));
        sql.remove_prefix(close + 1);
    }
    return text;
}

result<int> version_of(connection& writer) {
    TESSERA_TRY_VALUE(auto* query, writer.kept("SELECT COALESCE(MAX(version), 0) FROM schema_migration"));
    TESSERA_TRY_VALUE(const auto version, query->with().single_integer());
    return static_cast<int>(version);
}

std::unexpected<error> newer(int found) {
    return failure("newer_schema", "database",
                   "its schema is version " + std::to_string(found) + ", this program knows " +
                       std::to_string(schema_version()) + ": use the program that wrote it");
}

}  // namespace

int schema_version() { return migrations.back().version; }

result<void> migrate(database& storage, connection& writer, timestamp now, int up_to) {
    TESSERA_TRY(writer.execute(in_dialect(storage,
                                          "CREATE TABLE IF NOT EXISTS schema_migration (version {int} PRIMARY KEY, "
                                          "name TEXT NOT NULL, applied_at {int} NOT NULL) {table}")));
    TESSERA_TRY_VALUE(const int found, version_of(writer));
    if (found > schema_version()) return newer(found);
    for (const auto& step : migrations) {
        if (step.version <= found || step.version > up_to) continue;
        const auto apply = [&]() -> result<void> {
            // Another process may have been quicker; in here nobody is.
            TESSERA_TRY_VALUE(const int reached, version_of(writer));
            if (reached >= step.version) return {};
            TESSERA_TRY(writer.execute(in_dialect(storage, step.sql)));
            TESSERA_TRY_VALUE(
                auto* note,
                writer.kept("INSERT INTO schema_migration (version, name, applied_at) VALUES ($1, $2, $3)"));
            return note->with(step.version, step.name, to_microseconds(now)).execute();
        };
        TESSERA_TRY(in_transaction(writer, apply));
    }
    return {};
}

result<void> check_schema(connection& reader) {
    const auto found = version_of(reader);
    if (found && *found == schema_version()) return {};
    if (found && *found > schema_version()) return newer(*found);
    if (!found && found.error().code == code_retry) return std::unexpected(found.error());
    if (!found)
        return failure("older_schema", "database", "no schema of tessera's is in it yet: " + found.error().message);
    return failure("older_schema", "database",
                   "its schema is version " + std::to_string(*found) + ", this program's is " +
                       std::to_string(schema_version()) +
                       ": a process of an earlier program has it; end that one first");
}

}  // namespace tessera::store
