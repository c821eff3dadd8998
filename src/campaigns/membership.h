// Which cards campaigns manage at this moment (C-13), decided from targets, chunks and phases when it is asked: a
// campaign writes nothing for it (C-12).
#pragma once

#include "campaigns/arrival_clock.h"
#include "campaigns/settle_late.h"
#include "operations/membership.h"

namespace tessera::campaigns {

class membership final : public operations::membership {
public:
    // env: storage, writer, vault, clock. It must outlive this.
    membership(const environment& env, const definition_source& definition_of)
        : env_(&env), definition_of_(definition_of) {}

    // From the commit that releases the card's chunk for sending to the one that settles it. A card that left the round
    // or has its outcome is not managed, whatever its chunk does; nor is one of which nothing had left when P2 stopped
    // in good order, until its chunk is released again.
    [[nodiscard]] result<std::optional<operations::inhibition>> inhibits(store::connection& writer,
                                                                         cards::card_id card) override;
    [[nodiscard]] result<void> may_write(store::connection& writer) override;
    [[nodiscard]] result<void> keep_stray(store::connection& writer, telecom::subscriber_number subscriber,
                                          byte_view user_data) override;
    // Where several processes are at work, those that prepare do it (joint_loop): not two of them at once.
    [[nodiscard]] result<bool> settle_strays() override {
        return env_->shared() ? result<bool>(false) : settle_some_late_answers(*env_, definition_of_);
    }

private:
    const environment* env_;
    definition_source definition_of_;
    arrival_clock arrivals_;
};

}  // namespace tessera::campaigns
