// Events that set something off: cards are gathered and become campaigns.
#pragma once

#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "campaigns/campaign_file.h"
#include "campaigns/trigger_store.h"
#include "store/shared_writer.h"

namespace tessera::campaigns {

// A trigger from its file: checked on `reader` as a campaign for all cards that it could be for. Events from now on are
// its business. Errors: every mistake of the file, with its line; conflict, too_many; database.
[[nodiscard]] std::expected<stored_trigger, std::vector<error>> add_trigger(store::connection& reader,
                                                                            store::shared_writer& writer,
                                                                            std::string_view text, file_context context,
                                                                            timestamp now);
// What a stored trigger's file says.
[[nodiscard]] result<trigger_terms> terms_of(store::connection& reader, const stored_trigger& stored);

// Makes campaigns for every trigger that has gathered cards for as long as it wants to, or as many. Looking, gathering
// and checking are done on the reader; the writer is held only while something changes. One for a data directory at a
// time, on one thread.
//
// A campaign, its targets, and the note that these events have had their effect are one transaction: an event makes its
// card a target of one campaign of the trigger, or, after a crash, still will. Where a campaign is refused for what its
// cards are, they are cut in two, where their profiles differ if they do, until those that it lies with stand alone:
// these are noted as refused, with the reason, and the others get their campaigns. Where it lies with something else
// (the file, tessera.toml), the trigger keeps its events, says why (stored_trigger::problem), and is tried again after
// limits::trigger_retry.
class trigger_watch {
public:
    // All must outlive it.
    trigger_watch(store::connection& reader, store::shared_writer& writer, random_port& random);
    ~trigger_watch();
    trigger_watch(const trigger_watch&) = delete;
    trigger_watch& operator=(const trigger_watch&) = delete;

    struct looked {
        int campaigns = 0;  // made
        bool more = false;  // there is more to do at once
    };
    // `context` is what the campaigns' files are checked against. Errors: database.
    [[nodiscard]] result<looked> look(const file_context& context, timestamp now);

private:
    class attendant;
    store::connection* reader_;
    store::shared_writer* writer_;
    random_port* random_;
    std::vector<std::unique_ptr<attendant>> attendants_;  // one for each active trigger
};

// The triggers' campaign that is to go on next, but for `not_these`. Nothing: none can, or everything is stopped.
[[nodiscard]] result<std::optional<campaign_key>> next_triggered(store::connection& reader,
                                                                 const std::vector<campaign_key>& not_these);

}  // namespace tessera::campaigns
