// Steps of the schema that stand beside migrations.cpp: audits, numbers that moved, variables of cards, events,
// terminals.
#pragma once

#include <string_view>

namespace tessera::store {

inline constexpr std::string_view audits_sql = R"sql(
-- What an audit has read of a card's files; place counts its [[read]] sections from 0. Of a file that is not through,
-- what its next packets are built from. expected is NULL where nothing was.
CREATE TABLE audit_reading (
    campaign_key {int} NOT NULL,
    card_id {int} NOT NULL,
    place {int} NOT NULL,
    state {int} NOT NULL,
    content {blob} NOT NULL,
    whole {int} NOT NULL,
    corrected {int} NOT NULL,
    status_word {int} NOT NULL,
    command {int} NOT NULL,
    counter {int} NOT NULL,
    expected {blob},
    drift {int} NOT NULL,
    PRIMARY KEY (campaign_key, card_id, place)) {clustered};

-- How many cards of a chunk were found to hold something else than expected; no row where none was.
CREATE TABLE audit_drift (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    chunk {int} NOT NULL,
    cards {int} NOT NULL,
    PRIMARY KEY (campaign_key, round, chunk)) {clustered};

-- A card's history: a reading found something else than the image said. Insert only.
CREATE TABLE image_difference (
    card_id {int} NOT NULL,
    found_at {int} NOT NULL,
    file TEXT NOT NULL,
    record {int} NOT NULL,
    expected {blob} NOT NULL,
    found {blob} NOT NULL,
    PRIMARY KEY (card_id, found_at, file, record)) {clustered};
)sql";

inline constexpr std::string_view numbers_sql = R"sql(
-- Numbers that cards held before. An answer that comes from one late is the card's that it was sent to.
CREATE TABLE former_number (
    msisdn {int} NOT NULL,
    card_id {int} NOT NULL,
    held_until {int} NOT NULL,
    PRIMARY KEY (msisdn, card_id)) {clustered};
)sql";

inline constexpr std::string_view variables_sql = R"sql(
-- What an operator knows of a card beside its names, to be written into it.
CREATE TABLE card_variable (
    card_id {int} NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (card_id, name)) {clustered};
CREATE INDEX card_variable_by_name ON card_variable (name);

-- The card's own contents of a campaign whose contents have variables, as its packets were built from them; place counts
-- the [[write]] sections from 0.
CREATE TABLE campaign_content (
    campaign_key {int} NOT NULL,
    card_id {int} NOT NULL,
    place {int} NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (campaign_key, card_id, place)) {clustered};
)sql";

inline constexpr std::string_view events_sql = R"sql(
-- What happened to cards outside. Insert only.
CREATE TABLE card_event (
    event_key {int} PRIMARY KEY,
    card_id {int} NOT NULL,
    kind {int} NOT NULL,
    imei TEXT NOT NULL,
    software_version TEXT NOT NULL,
    source TEXT NOT NULL,
    happened_at {int} NOT NULL,
    recorded_at {int} NOT NULL) {table};
CREATE INDEX card_event_by_card ON card_event (card_id, event_key);

-- The phone that a card was last seen in, since when, and when it was last told of.
CREATE TABLE card_phone (
    card_id {int} PRIMARY KEY,
    imei TEXT NOT NULL,
    software_version TEXT NOT NULL,
    since {int} NOT NULL,
    seen_at {int} NOT NULL,
    recorded_at {int} NOT NULL,
    registered {int} NOT NULL) {table};
)sql";

inline constexpr std::string_view triggers_sql = R"sql(
-- Campaign files whose targets are the cards of events. seen_event: events up to it have had their effect. State 2:
-- removed; another one may have its name.
CREATE TABLE campaign_trigger (
    trigger_key {int} PRIMARY KEY,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    state {int} NOT NULL,
    seen_event {int} NOT NULL,
    limited {int} NOT NULL,
    problem TEXT NOT NULL,
    created_at {int} NOT NULL) {table};

-- Insert only: which campaigns triggers made, and which event made which card a target.
CREATE TABLE triggered_campaign (
    campaign_key {int} PRIMARY KEY,
    trigger_key {int} NOT NULL) {table};
CREATE INDEX triggered_campaign_by_trigger ON triggered_campaign (trigger_key, campaign_key);
CREATE TABLE triggered_card (
    trigger_key {int} NOT NULL,
    event_key {int} NOT NULL,
    card_id {int} NOT NULL,
    campaign_key {int} NOT NULL,
    triggered_at {int} NOT NULL,
    PRIMARY KEY (trigger_key, event_key)) {clustered};
CREATE INDEX triggered_card_by_card ON triggered_card (trigger_key, card_id, triggered_at);
)sql";

inline constexpr std::string_view terminals_sql = R"sql(
-- Mobile terminals: rows of card whose iccid is an IMEI, with an agent at an application port (3GPP TS 23.040 clause
-- 9.2.3.24.4). Cards have no row here.
CREATE TABLE terminal (
    card_id {int} NOT NULL,
    port {int} NOT NULL,
    PRIMARY KEY (card_id)) {clustered};

-- The application on terminals that a campaign speaks to beside the one on cards, where it does.
ALTER TABLE campaign ADD COLUMN agent {int};
)sql";

inline constexpr std::string_view campaigns_by_state_sql = R"sql(
-- Those that are under way, or ended lately, among all that ever were.
CREATE INDEX campaign_by_state ON campaign (state);
CREATE INDEX campaign_by_end ON campaign (finished_at);
)sql";

// Who told of a card's phone last: the order of what one tells holds, that between two only as far as their clocks
// agree.
inline constexpr std::string_view event_sources_sql = R"sql(
ALTER TABLE card_phone ADD COLUMN source TEXT NOT NULL DEFAULT '';
)sql";

inline constexpr std::string_view trigger_refusals_sql = R"sql(
-- Cards that no campaign of the trigger can be made for, and why; up to which of the card's events. Of each the last time.
CREATE TABLE trigger_refused_card (
    trigger_key {int} NOT NULL,
    card_id {int} NOT NULL,
    event_key {int} NOT NULL,
    reason TEXT NOT NULL,
    refused_at {int} NOT NULL,
    PRIMARY KEY (trigger_key, card_id)) {clustered};

-- Kinds of events, a bit each; 0 where only the definition tells.
ALTER TABLE campaign_trigger ADD COLUMN kinds {int} NOT NULL DEFAULT 0;
)sql";

inline constexpr std::string_view unmatched_counts_sql = R"sql(
-- One row: how many rows unmatched_message has, how long they are together, and how many older ones were dropped.
CREATE TABLE unmatched_count (
    kept {int} NOT NULL,
    octets {int} NOT NULL,
    dropped {int} NOT NULL) {table};
INSERT INTO unmatched_count (kept, octets, dropped)
    SELECT COUNT(*), COALESCE(SUM(LENGTH(octets)), 0), 0 FROM unmatched_message;
)sql";

inline constexpr std::string_view many_processes_sql = R"sql(
-- Where several processes exchange: answers that came to another one than that which awaits them, until it has seen
-- them. They stand in answer_block.
CREATE TABLE passed_answer (
    campaign_key {int} NOT NULL,
    round {int} NOT NULL,
    chunk {int} NOT NULL,
    ordinal {int} NOT NULL,
    PRIMARY KEY (campaign_key, round, chunk, ordinal)) {clustered};

-- What one of several processes does for all, and which one, until when.
CREATE TABLE duty (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    lease_until {int} NOT NULL) {clustered};
)sql";

inline constexpr std::string_view blocks_as_they_are_sql = R"sql(
-- Enciphered packets do not get shorter: that a server tries to compress them would cost more than to write them.
{server_only} ALTER TABLE message_block ALTER COLUMN octets SET STORAGE EXTERNAL;
{server_only} ALTER TABLE answer_block ALTER COLUMN octets SET STORAGE EXTERNAL;
)sql";

inline constexpr std::string_view readings_by_version_sql = R"sql(
-- By which key set the packet was sent whose counter a reading has; 0: nobody noted it.
ALTER TABLE audit_reading ADD COLUMN key_version {int} NOT NULL DEFAULT 0;
)sql";

}  // namespace tessera::store
