#include "net/event_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/asio_context.h"

namespace tessera::net {
namespace {

class asio_timer final : public event_loop::timer {
public:
    asio_timer(boost::asio::io_context& io, duration delay, std::function<void()> work) : timer_(io, delay) {
        timer_.async_wait([work = std::move(work)](const boost::system::error_code& cancelled) {
            if (!cancelled) work();
        });
    }

private:
    boost::asio::steady_timer timer_;
};

}  // namespace

event_loop::event_loop() : context_(std::make_unique<context>()) {}
event_loop::~event_loop() = default;

void event_loop::run() {
    context_->io.restart();
    context_->io.run();
}
void event_loop::stop() { context_->io.stop(); }
void event_loop::post(std::function<void()> work) { boost::asio::post(context_->io, std::move(work)); }
std::unique_ptr<event_loop::timer> event_loop::after(duration delay, std::function<void()> work) {
    return std::make_unique<asio_timer>(context_->io, delay, std::move(work));
}

}  // namespace tessera::net
