#include "bench/link_ceiling.h"

#include <deque>
#include <memory>

#include "bench/child_process.h"
#include "campaigns/blocks.h"
#include "net/event_loop.h"
#include "store/sqlite/sqlite_database.h"
#include "telecom/smpp_link.h"

namespace tessera::bench {
namespace {

struct packets {
    std::deque<bytes> blocks;
    std::vector<campaigns::message_entry> entries;
};

result<packets> read_packets(const std::filesystem::path& data) {
    TESSERA_TRY_VALUE(const auto storage, store::open_sqlite(data / "tessera.db"));
    TESSERA_TRY_VALUE(const auto reader, storage->connect(store::access::read));
    TESSERA_TRY_VALUE(auto* query,
                      reader->kept("SELECT octets FROM message_block WHERE round = 1 ORDER BY campaign_key, chunk"));
    packets all;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return all;
        all.blocks.push_back(to_bytes(query->octets(0)));
        TESSERA_TRY_VALUE(const auto entries, campaigns::parse_messages(all.blocks.back()));
        all.entries.insert(all.entries.end(), entries.begin(), entries.end());
    }
}

class sender final : public telecom::network_events {
public:
    sender(const packets& all, net::event_loop& loop) : all_(&all), loop_(&loop) {}
    void use(telecom::network& network) { network_ = &network; }
    [[nodiscard]] duration took() const { return ended_ - began_; }
    [[nodiscard]] bool complete() const { return answers_ == all_->entries.size(); }

    void on_open() override {
        began_ = system_clock().monotonic();
        on_writable();
    }
    void on_writable() override {
        for (; next_ < all_->entries.size(); ++next_) {
            const auto& entry = all_->entries[next_];
            if (!network_->submit({entry.subscriber, entry.packet, static_cast<std::uint8_t>(entry.counter), next_}))
                return;
        }
    }
    void on_result(std::uint64_t, telecom::submit_result, std::uint32_t) override {}
    void on_message(const telecom::inbound_message& message) override {
        network_->acknowledge(message.handle);
        if (++answers_ < all_->entries.size()) return;
        ended_ = system_clock().monotonic();
        network_->close();
    }
    void on_receipt(const telecom::inbound_receipt& receipt) override { network_->acknowledge(receipt.handle); }
    void on_link_down(std::string_view) override {}
    void on_closed() override { loop_->stop(); }
    void on_failed(const error&) override { loop_->stop(); }

private:
    const packets* all_;
    net::event_loop* loop_;
    telecom::network* network_ = nullptr;
    std::size_t next_ = 0;
    std::size_t answers_ = 0;
    instant began_{};
    instant ended_{};
};

}  // namespace

result<double> link_ceiling(const std::filesystem::path& program, const std::filesystem::path& data,
                            const std::filesystem::path& fleet) {
    TESSERA_TRY_VALUE(const auto all, read_packets(data));
    TESSERA_TRY_VALUE(const auto world, simulator::start(program, fleet, ""));
    telecom::smsc_settings settings;
    settings.address = world.address();
    net::event_loop loop;
    sender sends(all, loop);
    const auto link = telecom::make_smpp_link(loop, settings, system_clock(), sends);
    sends.use(*link);
    loop.post([&] { link->open(); });
    loop.run();
    if (!sends.complete()) return failure("failed", "ceiling", "not every packet was answered");
    return static_cast<double>(all.entries.size()) / seconds(sends.took());
}

}  // namespace tessera::bench
