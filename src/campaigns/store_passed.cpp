// Where several processes conduct: answers on their way from the one that took them in to the one that awaits them.
#include "campaigns/store.h"

namespace tessera::campaigns {

result<bool> campaign_store::pass_on(const chunk_id& where, std::int64_t ordinal, std::string_view by) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO passed_answer (campaign_key, round, chunk, ordinal) "
                                                 "SELECT campaign_key, round, chunk, $4 FROM chunk "
                                                 "WHERE campaign_key = $1 AND round = $2 AND chunk = $3 AND "
                                                 "state = $6 AND owner <> '' AND owner <> $5 ON CONFLICT DO NOTHING"));
    TESSERA_TRY(
        put->with(where.campaign.value, where.round, where.number, ordinal, by, chunk_state::released).execute());
    return database_->changed() == 1;
}

result<std::vector<campaign_store::passed_block>> campaign_store::take_passed(campaign_key key, int round,
                                                                              std::string_view owner,
                                                                              std::int64_t limit) {
    // The octets as a look-up of each row that is taken: a join of three is free to begin with all answers of a chunk,
    // and does where the tables are too young to have statistics.
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT p.chunk, p.ordinal, (SELECT a.octets FROM answer_block a WHERE a.campaign_key = "
                        "p.campaign_key AND a.round = p.round AND a.chunk = p.chunk AND a.ordinal = p.ordinal) "
                        "FROM passed_answer p "
                        "JOIN chunk k ON k.campaign_key = p.campaign_key AND k.round = p.round AND k.chunk = p.chunk "
                        "WHERE p.campaign_key = $1 AND p.round = $2 AND k.owner = $3 AND k.state = $4 "
                        "ORDER BY p.chunk, p.ordinal LIMIT $5"));
    query->with(key.value, round, owner, chunk_state::released, limit);
    std::vector<passed_block> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) break;
        found.push_back({query->integer(0), query->integer(1), to_bytes(query->octets(2))});
    }
    TESSERA_TRY_VALUE(auto* taken, database_->kept("DELETE FROM passed_answer WHERE campaign_key = $1 AND round = $2 "
                                                   "AND chunk = $3 AND ordinal = $4"));
    for (const auto& one : found) TESSERA_TRY(taken->with(key.value, round, one.chunk, one.ordinal).execute());
    return found;
}

// Reading what is passed while it closes the chunk, its transaction meets that of whoever passes something on to it:
// one of them is run again, and finds what the other did.
result<void> campaign_store::forget_passed(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* forget, database_->kept("DELETE FROM passed_answer WHERE campaign_key = $1 AND round = $2 "
                                                    "AND chunk = $3"));
    return forget->with(where.campaign.value, where.round, where.number).execute();
}

result<void> campaign_store::forget_passed(campaign_key key, int round) {
    TESSERA_TRY_VALUE(auto* forget,
                      database_->kept("DELETE FROM passed_answer WHERE campaign_key = $1 AND round = $2"));
    return forget->with(key.value, round).execute();
}

}  // namespace tessera::campaigns
