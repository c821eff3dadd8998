#include "telecom/radio.h"

#include <algorithm>

#include "base/limits.h"
#include "telecom/routed_network.h"
#include "telecom/smsc_link.h"

namespace tessera::telecom {

radio::centre::centre(radio& owner, const smsc_settings& settings, const clock_port& clock)
    : commons(settings, &owner.references_),
      link(
          owner.loop_,
          [&, this](network_events& events) { return make_smsc_link(owner.loop_, settings, clock, commons, events); },
          clock) {}

radio::radio(const std::vector<smsc_settings>& smscs, const clock_port& clock, bool keep_open)
    : settings_(&smscs), clock_(&clock) {
    for (const auto& one : smscs) centres_.emplace(one.name, std::make_unique<centre>(*this, one, clock));
    loop_.post([this, keep_open] {
        keep_awake();
        for (auto& [name, one] : centres_)
            if (keep_open) one->link.keep_open();
    });
    thread_ = std::thread([this] { loop_.run(); });
}

radio::~radio() {
    loop_.post([this] {
        closing_ = centres_.size();
        if (closing_ == 0) loop_.stop();
        for (auto& [name, one] : centres_)
            one->link.close([this] {
                if (--closing_ == 0) loop_.stop();
            });
        last_moment_ = loop_.after(limits::smpp_unbind_wait + std::chrono::milliseconds(500), [this] { loop_.stop(); });
    });
    thread_.join();
}

shared_link* radio::link(const std::string& smsc) {
    const auto found = centres_.find(smsc);
    return found == centres_.end() ? nullptr : &found->second->link;
}

void radio::for_each_link(const std::function<void(const std::string&, shared_link&)>& use) {
    for (auto& [name, one] : centres_) use(name, one->link);
}

std::vector<radio::missing_link> radio::missing_links() const {
    std::vector<missing_link> found;
    for (const auto& one : *settings_) {
        const auto at = centres_.find(one.name);
        const auto since = at == centres_.end() ? std::nullopt : at->second->link.down_since();
        if (since) found.push_back({one.name, one.address, *since});
    }
    return found;
}

result<void> radio::check(const route& way) const {
    for (const auto& name : way.smscs)
        if (!centres_.contains(name))
            return failure("no_smsc", "smsc", "tessera.toml has no [[smsc]] named \"" + name + "\"");
    return {};
}

std::unique_ptr<network> radio::attach(const route& way, link_rank rank, network_events& events) {
    if (way.smscs.size() == 1) return link(way.smscs.front())->attach(rank, events);
    std::vector<const smsc_settings*> used;
    for (const auto& one : *settings_)
        if (way.smscs.empty() || std::ranges::find(way.smscs, one.name) != way.smscs.end()) used.push_back(&one);
    if (used.size() == 1 && used.front()->prefixes.empty()) return link(used.front()->name)->attach(rank, events);
    const auto by = [&](std::size_t place, network_events& of) { return link(used[place]->name)->attach(rank, of); };
    return make_routed_network(loop_, route_table(used), by, *clock_, events);
}

// The loop ends when nothing is left to wait for, and between two tries to connect that may be so.
void radio::keep_awake() {
    tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
}

}  // namespace tessera::telecom
