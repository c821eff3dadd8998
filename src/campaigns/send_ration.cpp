#include "campaigns/send_ration.h"

#include <algorithm>

#include "campaigns/safety_store.h"
#include "codec/sms_tpdu.h"

namespace tessera::campaigns {
namespace {

constexpr std::int64_t permits_at_once = 1'000;  // for these one commit
constexpr int reference_bits = 8;                // 16 make no other number of parts but at the edges

}  // namespace

rationed_network::rationed_network(const environment& env, net::event_loop& loop, telecom::network_events& events,
                                   executor elsewhere)
    : env_(&env), loop_(&loop), events_(&events), elsewhere_(std::move(elsewhere)) {}

bool rationed_network::submit(const telecom::outbound_message& message) {
    // A packet of more parts than an hour allows goes when the whole hour is free.
    const auto parts =
        static_cast<std::int64_t>(codec::part_count(message.packet.size(), reference_bits, message.port != 0));
    const auto needed = std::min(parts, env_->sends_per_hour);
    if (permits_ < needed) {
        ask();
        return false;
    }
    if (!inner_->submit(message)) return false;
    permits_ -= needed;
    return true;
}

void rationed_network::ask() {
    if (asking_ || exhausted_) return;
    asking_ = true;
    // By the time that this is done the network may be gone.
    elsewhere_([env = env_, loop = loop_, this, alive = std::weak_ptr(alive_)]() -> result<void> {
        const auto now = env->clock->now();
        TESSERA_TRY_VALUE(const auto count, env->writer->transact([&](store::connection& writer) {
            return safety_store(writer).take_sends(env->sends_per_hour, permits_at_once, now);
        }));
        loop->post([this, alive, count, now] {
            if (!alive.expired()) granted(count, now);
        });
        return {};
    });
}

void rationed_network::granted(std::int64_t count, timestamp when) {
    asking_ = false;
    exhausted_ = count == 0;
    permits_ += count;
    taken_at_ = when;
    if (!exhausted_) events_->on_writable();
}

}  // namespace tessera::campaigns
