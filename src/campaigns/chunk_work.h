// Chunks of one phase, worked on by several threads under leases: what P1 and P3 have in common.
#pragma once

#include <functional>
#include <vector>

#include "campaigns/environment.h"
#include "campaigns/image_scan.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

inline constexpr std::int64_t chunks_per_lease = 4;

// One thread's hands: a connection to read from and a vault of its own.
class chunk_worker {
public:
    virtual ~chunk_worker() = default;
    // Does the whole work on one chunk; its writes are one transaction, which moves the chunk on.
    [[nodiscard]] virtual result<void> work(const chunk& held) = 0;
};
// Of a chunk's transaction that finds that what its writes were made of is out of date.
inline constexpr std::string_view code_overtaken = "overtaken";

// Runs work(), which reads, computes and writes, until nothing comes between reading and writing.
template <class Work>
[[nodiscard]] result<void> until_not_overtaken(Work&& work) {
    for (;;) {
        result<void> done = work();
        if (done || done.error().code != code_overtaken) return done;
    }
}

// Whether nobody has changed an image of the chunk's cards since they were read: another campaign that is settled at
// the same time, or what comes late. In the transaction that writes them. Of several processes, where no other campaign
// is under way, nobody does, and nothing is asked. Errors: overtaken.
[[nodiscard]] result<void> images_still(store::connection& writer, const campaign_run& run, const chunk& held,
                                        const image_scan& read);

using worker_factory = std::function<result<std::unique_ptr<chunk_worker>>()>;

// Works until no chunk of the round is in `state` any more, or somebody wants it to stop. The first failure ends it.
// A chunk lost to another owner is left to that one.
[[nodiscard]] result<void> work_through_chunks(const campaign_run& run, chunk_state state,
                                               const worker_factory& make_worker);

}  // namespace tessera::campaigns
