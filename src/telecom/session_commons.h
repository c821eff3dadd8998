// What the sessions with one SMSC have in common: its rate, however many of them there are, and the references that no
// link may use twice.
#pragma once

#include "telecom/reference_book.h"
#include "telecom/send_rate.h"
#include "telecom/smsc_settings.h"

namespace tessera::telecom {

// Used on the links' thread. `references` must outlive it; nothing: a book of its own.
class session_commons {
public:
    explicit session_commons(const smsc_settings& settings, reference_book* references = nullptr)
        : rate_(settings.rate), references_(references != nullptr ? references : &own_) {}
    session_commons(const session_commons&) = delete;
    session_commons& operator=(const session_commons&) = delete;

    [[nodiscard]] send_rate& rate() { return rate_; }
    [[nodiscard]] const send_rate& rate() const { return rate_; }
    [[nodiscard]] reference_book& references() { return *references_; }

private:
    send_rate rate_;
    reference_book own_;
    reference_book* references_;
};

}  // namespace tessera::telecom
