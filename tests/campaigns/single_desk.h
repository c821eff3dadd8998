// Single operations in the tests of campaigns.
#pragma once

#include "campaign_world.h"
#include "campaigns/membership.h"
#include "operations/desk.h"

namespace tessera::campaigns {

// A desk beside the campaigns of a world, on a thread of its own.
class branch {
public:
    explicit branch(world& here) : here_(&here), members_(env_, definition_of) {
        env_.storage = here.storage.get();
        env_.writer = &here.shared;
        env_.vault = &here.vault();
        env_.clock = &system_clock();
        operations::desk_environment needs;
        needs.writer = &here.shared;
        needs.vault = &here.vault();
        needs.clock = &system_clock();
        needs.random = &system_random();
        needs.fleets = &members_;
        needs.radio = here.radio.get();
        needs.home = &home_.loop();
        home_.run([&] { desk_.emplace(needs); });
    }
    ~branch() {
        home_.run([&] { desk_.reset(); });
    }
    // then: when the operation has begun, before the desk hears anything for it.
    std::future<operations::single_answer> ask(operations::single_request request, std::function<void()> then = {}) {
        auto promise = std::make_shared<std::promise<operations::single_answer>>();
        home_.run([&] {
            desk_->perform(std::move(request),
                           [promise](const operations::single_answer& made) { promise->set_value(made); });
            if (then) home_.loop().post(std::move(then));
        });
        return promise->get_future();
    }
    operations::single_answer write(std::size_t card, std::string_view content, bool wait = false) {
        return ask(write_request(card, content, wait)).get();
    }
    operations::single_request write_request(std::size_t card, std::string_view content, bool wait = false) {
        auto made = request(card, operations::operation_kind::write);
        made.file = {std::string(spn_file), 0, from_hex(content).value()};
        made.wait = wait;
        return made;
    }
    operations::single_request request(std::size_t card, operations::operation_kind kind) {
        operations::single_request made;
        made.card = sim::fleet_iccid(card);
        made.kind = kind;
        made.security.spi = {0x16, 0x39};
        made.security.tar = {0xb0, 0x00, 0x10};
        made.smsc = here_->smsc.name;
        made.por_timeout = std::chrono::milliseconds(500);
        made.file.file = spn_file;
        return made;
    }

private:
    world* here_;
    environment env_;
    membership members_;
    loop_thread home_;
    std::optional<operations::desk> desk_;
};

}  // namespace tessera::campaigns
