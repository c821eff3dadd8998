// Any text as a campaign file: what is accepted can be turned into scripts, what is not says where.
#include <cstdlib>

#include "base/limits.h"
#include "campaigns/campaign_file.h"
#include "campaigns/packet_scripts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// As the file of a trigger: what is accepted makes a campaign file for any card.
static void as_trigger(std::string_view text) {
    using namespace tessera;
    campaigns::file_context context;
    context.file = "fuzz";
    context.triggered = true;
    const auto made = campaigns::parse_campaign_file(text, context);
    if (!made) return;
    if (!made->trigger || made->trigger->on.empty() || made->trigger->name.empty()) std::abort();
    const auto campaign = campaigns::triggered_file(text, {"8949001000000000009"});
    if (!campaign) std::abort();
    context.triggered = false;
    const auto again = campaigns::parse_campaign_file(*campaign, context);
    if (!again || again->trigger || again->targets.include.lists.size() != 1 || again->name != made->name) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    as_trigger(as_text({data, size}));
    campaigns::file_context context;
    context.file = "fuzz";
    const auto made = campaigns::parse_campaign_file(as_text({data, size}), context);
    if (!made) {
        if (made.error().empty()) std::abort();
        for (const auto& one : made.error())
            if (!one.field.starts_with("fuzz:") || one.message.empty()) std::abort();
        return 0;
    }
    // A follow-up's file is one that can be read, for cards of another campaign.
    const auto follow_up = campaigns::follow_up_file(as_text({data, size}), made->name, "an id",
                                                     {operations::outcome::unknown, operations::outcome::failed});
    if (!follow_up) std::abort();
    const auto again = campaigns::parse_campaign_file(*follow_up, context);
    if (!again || !again->targets.include.earlier || again->name != made->name ||
        again->writes.size() != made->writes.size() || again->applications.size() != made->applications.size() ||
        again->reads.size() != made->reads.size())
        std::abort();
    const int kinds = int{!made->writes.empty()} + int{!made->applications.empty()} + int{made->rotation.has_value()} +
                      int{made->is_audit()};
    if (kinds != 1) std::abort();
    if (made->writes.size() > limits::writes_per_campaign || made->attempts < 1) std::abort();
    const auto scripts = campaigns::scripts_of(*made);
    if (!scripts) std::abort();
    const auto most = operations::script_octets_max(made->parts_max);
    for (const auto& script : scripts->first)
        if (script.octets.size() > most || script.commands == 0) std::abort();
    const auto pieces = operations::next_pieces(made->reads, std::vector<operations::reading>(made->reads.size()));
    if (pieces.empty() == made->is_audit() || pieces.size() > limits::packets_per_card) std::abort();
    return 0;
}
