#include "operator_desk.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "campaigns/control.h"
#include "campaigns/create.h"
#include "campaigns/store.h"
#include "campaigns/wave_store.h"
#include "cards/import.h"

namespace tessera::simulation {
namespace {

using campaigns::campaign_event;
using campaigns::campaign_state;

constexpr std::uint64_t of_operator = 6;
constexpr int steps_max = 60;
constexpr int last_tries = 12;

// A file that only this process sees.
class text_in_memory {
public:
    explicit text_in_memory(const std::string& text) : descriptor_(::memfd_create("cards", MFD_CLOEXEC)) {
        if (::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("no memory for the cards");
    }
    ~text_in_memory() { ::close(descriptor_); }
    text_in_memory(const text_in_memory&) = delete;
    text_in_memory& operator=(const text_in_memory&) = delete;
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

// So few cards would be one chunk.
result<void> cut_again(store::connection& writer, campaigns::campaign_key key, std::int64_t chunk_cards) {
    TESSERA_TRY(writer.execute("DELETE FROM chunk WHERE campaign_key = " + std::to_string(key.value)));
    TESSERA_TRY(campaigns::campaign_store(writer).cut_into_chunks(key, 1, chunk_cards));
    return {};
}

}  // namespace

operator_desk::operator_desk(simulated_world& world, const scenario& what, const run_options& options)
    : world_(&world),
      what_(&what),
      options_(&options),
      random_(mix64(what.seed ^ of_operator)),
      operations_left_(what.operations) {}

duration operator_desk::some_time() {
    const double most = 2.0 * seconds(what_->por_timeout) * what_->attempts;
    const double share = static_cast<double>(1 + random_.below(1'000)) / 1'000.0;
    return std::chrono::microseconds(static_cast<std::int64_t>(1e6 * most * share * share * share) + 10);
}

// False: something is wrong with the product; true: the server died, and starts again.
bool operator_desk::survived(const error& why, const std::string& doing) {
    if (!world_->crashed()) world_->outside().accuse(doing + ": " + to_string(why));
    return world_->crashed();
}

server& operator_desk::running() {
    for (;;) {
        if (server_ && !world_->crashed()) return *server_;
        down();
        auto made = server::start(*world_, what_->server);
        if (made)
            server_ = std::move(*made);
        else if (!survived(made.error(), "starting the server"))
            throw std::runtime_error("the server does not start");
    }
}

void operator_desk::down() {
    if (server_) world_->tell(world_->crashed() ? "what is left of the server goes" : "the server stops in good order");
    server_.reset();
}

void operator_desk::fill_registry() {
    const text_in_memory file(what_->registry);
    const auto vault = open_vault(world_->random);
    const auto report = cards::import_cards(file.path(), {"profile-0", true}, *writer().connection, *vault,
                                            world_->clock.now(), [](std::size_t) {});
    if (!report) throw std::runtime_error(to_string(report.error()));
}

void operator_desk::create(const planned_campaign& plan) {
    auto& here = writer();
    campaigns::file_context context;
    context.file = "simulation.toml";
    const auto now = world_->clock.now();
    auto made = here.transact([&](store::connection& writer) -> result<campaigns::campaign> {
        const auto checked = campaigns::check_campaign(writer, plan.text, context);
        if (!checked) return std::unexpected(checked.error().front());
        TESSERA_TRY_VALUE(auto created, campaigns::create_within(writer, *checked, context, now, world_->random));
        TESSERA_TRY(campaigns::wave_store(writer).approve(created.key, "the operator", now));
        // Waves are cut when they begin.
        if (!plan.in_waves) TESSERA_TRY(cut_again(writer, created.key, what_->server.chunk_cards));
        return created;
    });
    if (!made) {
        survived(made.error(), "creating a campaign");
        return;
    }
    world_->tell("created " + plan.name);
    campaigns_.push_back({made->key, &plan, false});
    ++created_;
}

void operator_desk::look_at(made_campaign& which) {
    if (world_->crashed()) return;
    const auto found =
        writer().transact([&](store::connection& writer) { return campaigns::campaign_store(writer).get(which.key); });
    if (!found) return void(survived(found.error(), "looking at a campaign"));
    which.over = found->state == campaign_state::finished || found->state == campaign_state::cancelled;
    if (found->state == campaign_state::waiting || found->state == campaign_state::stopped)
        change(which, campaign_event::approve);
}

void operator_desk::change(made_campaign& which, campaign_event event) {
    if (world_->crashed()) return;
    const auto done = writer().transact([&](store::connection& writer) -> result<void> {
        if (event == campaign_event::approve) {
            TESSERA_TRY(campaigns::approve(writer, which.key, "the operator", true, world_->clock.now()));
            return {};
        }
        TESSERA_TRY(campaigns::change_state(writer, which.key, event, world_->clock.now()));
        return {};
    });
    const bool cancel = event == campaign_event::cancel;
    world_->tell(which.plan->name + (cancel                           ? " is cancelled"
                                     : event == campaign_event::pause ? " is paused"
                                                                      : " goes on"));
    if (!done) {
        if (done.error().code != "bad_state") survived(done.error(), "changing a campaign");
        return;
    }
    if (!cancel) return;
    which.over = true;
    if (joint()) return;
    if (const auto wound = running().wind_up(); !wound) survived(wound.error(), "winding up");
}

// --- what comes in between

void operator_desk::disturb() {
    const bool given = options_->only_crash.has_value();
    if (given && !crash_given_) world_->plan(*options_->only_crash);
    crash_given_ = true;
    if (!given && random_.chance(what_->crash_chance)) {
        const auto what = random_.chance(0.6) ? power::lost : power::kept;
        if (random_.chance(0.75)) {
            // Early commits of a conduct are the most telling ones.
            const auto at = 1 + random_.below(random_.chance(0.7) ? 14 : 60);
            world_->plan({at, static_cast<commit_moment>(random_.below(3)), what});
        } else {
            world_->machine.after(some_time(), [this, what, life = world_->life()] {
                if (world_->life() == life) world_->crash(what, "at some time");
            });
        }
    }
    if (random_.chance(what_->link_trouble)) {
        const auto down = std::chrono::milliseconds(random_.below(300));
        world_->machine.after(some_time(), [this, down] { world_->outside().be_unreachable(down); });
    }
    ask_for_operations(some_time());
}

void operator_desk::ask_for_operations(duration within) {
    while (operations_left_ > 0 && random_.chance(0.6)) {
        --operations_left_;
        const auto share = static_cast<double>(random_.below(1'000)) / 1'000.0;
        const auto when = std::chrono::duration_cast<duration>(within * share);
        world_->machine.after(when, [this] { ask(); });
    }
}

void operator_desk::ask() {
    if (world_->crashed()) return;
    if (auto* whom = joint() ? anybody_who(true) : server_.get()) ask(*whom);
}

void operator_desk::ask(server& whom) {
    const auto& card = what_->cards[random_.below(what_->cards.size())];
    auto made = std::make_unique<asked_operation>();
    made->iccid = card.iccid;
    made->kind = random_.chance(0.6) ? operations::operation_kind::write : operations::operation_kind::read;
    made->write = make_write(0xd7, static_cast<std::uint8_t>(operations_.size()), 0, random_);
    operations::single_request request;
    request.card = card.iccid;
    request.kind = made->kind;
    request.file.file = made->write.file;
    if (made->kind == operations::operation_kind::write) request.file.content = made->write.content;
    request.security.spi = {0x16, 0x39};
    request.security.tar = {0xb0, 0x00, 0x10};
    request.por_timeout = what_->por_timeout;
    request.attempts = what_->attempts;
    request.wait = random_.chance(0.5);
    request.danger_approved_by = "the operator";
    world_->tell("asks for " + std::string(to_string(made->kind)) + " " + made->write.file + " of " + card.iccid);
    auto* asked = made.get();
    operations_.push_back(std::move(made));
    whom.perform(request, [this, asked](operations::single_answer answer) {
        asked->ended = true;
        asked->answer = std::move(answer);
        world_->tell("the operation on " + asked->iccid + " ends: " + std::string(to_string(asked->answer.what)) +
                     (asked->answer.refused ? ", " + to_string(*asked->answer.refused) : std::string()));
    });
}

// --- campaigns

void operator_desk::conduct(made_campaign& which, bool in_peace) {
    auto& here = running();
    here.stop = false;
    std::optional<campaign_event> afterwards;
    if (!in_peace) {
        disturb();
        const auto draw = [&](double chance, campaign_event event) {
            if (afterwards || !random_.chance(chance)) return;
            afterwards = event;
            world_->machine.after(some_time(), [this, number = conducts_ + 1] {
                if (server_ && conducts_ == number) server_->stop = true;
            });
        };
        draw(what_->cancel_chance, campaign_event::cancel);
        draw(what_->pause_chance, campaign_event::pause);
    }
    ++conducts_;
    world_->tell("conducts " + which.plan->name);
    const auto end = here.conduct(which.key);
    ++conducts_;
    world_->tell(end ? "the conduct ends" : "the conduct ends: " + to_string(end.error()));
    if (world_->crashed()) return;
    if (!end && end.error().code != "bad_state") return void(survived(end.error(), "conducting a campaign"));
    look_at(which);
    if (afterwards && !which.over) change(which, *afterwards);
}

void operator_desk::idle(duration how_long) {
    running();
    world_->machine.sleep(how_long);
}

std::vector<made_campaign*> operator_desk::open_ones() {
    std::vector<made_campaign*> open;
    for (auto& one : campaigns_)
        if (!one.over) open.push_back(&one);
    return open;
}

bool operator_desk::all_over() const {
    return created_ == what_->campaigns.size() && std::ranges::all_of(campaigns_, &made_campaign::over);
}

void operator_desk::step() {
    const auto open = open_ones();
    const bool more = created_ < what_->campaigns.size();
    // One after the other mostly, but now and then another one comes before the first is through.
    if (more && (open.empty() || random_.chance(0.35))) return create(what_->campaigns[created_]);
    if (random_.chance(0.08)) return down();
    if (random_.chance(0.12)) {
        ask_for_operations(some_time());
        return idle(some_time());
    }
    if (!open.empty()) conduct(*open[random_.below(open.size())], false);
}

void operator_desk::work() {
    if (joint()) return work_jointly();
    fill_registry();
    for (int steps = 0; steps < steps_max && !all_over(); ++steps) step();
    while (created_ < what_->campaigns.size()) create(what_->campaigns[created_]);
    running();
    world_->calm();
    for (auto& one : campaigns_) {
        for (int tries = 0; tries < last_tries && !one.over; ++tries) conduct(one, true);
        if (!one.over) world_->outside().accuse(one.plan->name + " does not come to its end");
    }
    settle_down();
}

// What is still on its way comes and is heard; then the last server's own word is lost.
void operator_desk::settle_down() {
    world_->outside().be_kind();
    running();
    world_->calm();
    down();
    auto options = what_->server;
    options.persistent = true;
    auto last = server::start(*world_, options);
    if (!last) throw std::runtime_error("the last server does not start: " + to_string(last.error()));
    server_ = std::move(*last);
    ask();  // whoever has nobody to store what comes refuses it, so that the SMSC keeps it
    for (int waited = 0; waited < 400; ++waited) {
        world_->machine.sleep(std::chrono::milliseconds(100));
        if (waited > 20 && world_->outside().quiet() && server_->idle()) break;
    }
    if (!world_->outside().quiet()) world_->outside().accuse("answers lie at the SMSC for ever");
    world_->lose_power_at_the_end();
    server_.reset();
    running();
}

}  // namespace tessera::simulation
