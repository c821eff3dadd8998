#include "campaigns/chunk_work.h"

#include <optional>
#include <thread>

namespace tessera::campaigns {
namespace {

class crew {
public:
    crew(const campaign_run& run, chunk_state state, const worker_factory& make_worker)
        : run_(run), state_(state), make_worker_(make_worker) {}

    result<void> work() {
        std::vector<std::thread> threads;
        for (int i = 1; i < run_.env->workers; ++i) threads.emplace_back([this] { one(); });
        one();
        for (auto& thread : threads) thread.join();
        if (failed_) return std::unexpected(std::move(*failed_));
        return {};
    }

private:
    void one() {
        auto worker = make_worker_();
        if (!worker) return fail(std::move(worker).error());
        while (!ended()) {
            auto leased = lease();
            if (!leased) return fail(std::move(leased).error());
            if (leased->empty()) return;
            for (const auto& held : *leased) {
                if (ended()) return;
                auto worked = (*worker)->work(held);
                if (worked)
                    run_.env->progress->cards_moved(held.targets);
                else if (worked.error().code != code_lease_lost)
                    return fail(std::move(worked).error());
            }
        }
    }

    result<std::vector<chunk>> lease() {
        const auto& env = *run_.env;
        return env.writer->transact_lazily([&](store::connection& writer) {
            const auto now = env.clock->now();
            return campaign_store(writer).lease(run_.subject.key, run_.subject.round, state_, env.instance, now,
                                                now + env.lease_time, chunks_per_lease);
        });
    }

    bool ended() {
        const std::lock_guard held(mutex_);
        return failed_.has_value() || run_.stopping();
    }
    void fail(error problem) {
        const std::lock_guard held(mutex_);
        if (!failed_) failed_ = std::move(problem);
    }

    campaign_run run_;
    chunk_state state_;
    const worker_factory& make_worker_;
    std::mutex mutex_;
    std::optional<error> failed_;
};

}  // namespace

result<void> images_still(store::connection& writer, const campaign_run& run, const chunk& held,
                          const image_scan& read) {
    if (run.env->shared() && !run.winding_up) {
        TESSERA_TRY_VALUE(const bool others, campaign_store(writer).others_under_way(held.id.campaign));
        if (!others) return {};
    }
    TESSERA_TRY_VALUE(const auto now, image_scan::versions_now(writer, held));
    if (now == read.versions()) return {};
    return failure(code_overtaken, "chunk", "an image of its cards was changed meanwhile");
}

result<void> work_through_chunks(const campaign_run& run, chunk_state state, const worker_factory& make_worker) {
    return crew(run, state, make_worker).work();
}

}  // namespace tessera::campaigns
