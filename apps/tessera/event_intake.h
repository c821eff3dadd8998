// Events that cards tell by short message: each is made durable, then acknowledged to the SMSC. Lives on the local
// service's thread.
#pragma once

#include <functional>
#include <vector>

#include "operations/event_message.h"
#include "operations/membership.h"
#include "store/shared_writer.h"
#include "telecom/claim_line.h"

namespace tessera::app {

class event_intake {
public:
    // `recorded` is called when new events are durable. What comes from a number that no card has, or tells nothing
    // that can be read, is kept as a message that nobody awaits (membership::keep_stray). All must outlive it.
    event_intake(store::shared_writer& writer, const std::vector<operations::event_rule>& rules, telecom::radio& radio,
                 net::event_loop& home, operations::membership& fleets, std::function<void()> recorded);
    event_intake(const event_intake&) = delete;
    event_intake& operator=(const event_intake&) = delete;

    [[nodiscard]] bool idle() const { return waiting_.empty(); }

private:
    void hear(telecom::claimed_message message);
    void keep_some();
    // True: an event that is new.
    [[nodiscard]] result<bool> keep(store::connection& writer, const telecom::claimed_message& message, timestamp now);

    store::shared_writer* writer_;
    const std::vector<operations::event_rule>* rules_;
    net::event_loop* home_;
    operations::membership* fleets_;
    std::function<void()> recorded_;
    std::vector<telecom::claimed_message> waiting_;  // neither durable nor acknowledged
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
    telecom::claim_line line_;  // last: it calls hear()
};

}  // namespace tessera::app
