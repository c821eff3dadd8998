#include "telecom/radio.h"

#include "base/limits.h"

namespace tessera::telecom {

radio::radio(const std::vector<smsc_settings>& smscs, const clock_port& clock, bool keep_open) {
    for (const auto& one : smscs) links_.emplace(one.name, std::make_unique<shared_link>(loop_, one, clock));
    loop_.post([this, keep_open] {
        keep_awake();
        for (auto& [name, link] : links_)
            if (keep_open) link->keep_open();
    });
    thread_ = std::thread([this] { loop_.run(); });
}

radio::~radio() {
    loop_.post([this] {
        closing_ = links_.size();
        if (closing_ == 0) loop_.stop();
        for (auto& [name, link] : links_)
            link->close([this] {
                if (--closing_ == 0) loop_.stop();
            });
        last_moment_ = loop_.after(limits::smpp_unbind_wait + std::chrono::milliseconds(500), [this] { loop_.stop(); });
    });
    thread_.join();
}

shared_link* radio::link(const std::string& smsc) {
    const auto found = links_.find(smsc);
    return found == links_.end() ? nullptr : found->second.get();
}

// The loop ends when nothing is left to wait for, and between two tries to connect that may be so.
void radio::keep_awake() {
    tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
}

}  // namespace tessera::telecom
