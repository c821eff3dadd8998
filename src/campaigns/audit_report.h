// What an audit found, file by file.
#pragma once

#include <functional>

#include "campaigns/store.h"

namespace tessera::campaigns {

// One card's row of the report, and what was found of one [[read]]; nothing where nothing was read of it.
struct audit_row {
    const report_row* card = nullptr;
    const operations::file_read* wanted = nullptr;
    const campaign_store::stored_reading* found = nullptr;
};

// Every target in order, each file of it in the order of the campaign file; pages through the database.
[[nodiscard]] result<void> for_each_reading(store::connection& database, campaign_key key, const definition& what,
                                            const std::function<void(const audit_row&)>& use);

}  // namespace tessera::campaigns
