#include "campaigns/campaign_file_route.h"

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

class way_reader {
public:
    way_reader(const file_context& context, checked_toml& notes) : context_(context), notes_(notes) {}

    radio_way read(const toml::table& table) {
        if (const auto* node = table.get("smsc")) {
            if (const auto name = node->value_exact<std::string>())
                take(*node, *name);
            else if (const auto* list = node->as_array())
                several(*node, *list);
            else
                notes_.mistake(*node, "smsc: expected a name in quotes, \"auto\", or a list of names");
        }
        made_.priority = static_cast<int>(notes_.number(table, "priority", 1, 9).value_or(made_.priority));
        return std::move(made_);
    }

private:
    void take(const toml::node& node, const std::string& name) {
        if (name == telecom::any_smsc) {
            made_.smscs = telecom::route_by(name);
            return;
        }
        known(node, name);
        made_.smscs.smscs = {name};
    }
    void several(const toml::node& node, const toml::array& list) {
        if (list.empty() || list.size() > limits::smscs)
            return notes_.mistake(node, "smsc: expected 1 to " + std::to_string(limits::smscs) + " names");
        made_.smscs.smscs.clear();
        for (const auto& one : list) {
            const auto name = one.value_exact<std::string>();
            if (!name || *name == telecom::any_smsc) {
                notes_.mistake(one, "smsc: expected the name of a [[smsc]] in quotes; \"auto\" stands alone");
                continue;
            }
            known(one, *name);
            if (std::ranges::find(made_.smscs.smscs, *name) != made_.smscs.smscs.end())
                notes_.mistake(one, "smsc: \"" + *name + "\" is named twice");
            made_.smscs.smscs.push_back(*name);
        }
    }
    void known(const toml::node& node, const std::string& name) {
        if (context_.smsc_known && !context_.smsc_known(name))
            notes_.mistake(node, "smsc: tessera.toml has no [[smsc]] named \"" + name + "\"");
    }

    const file_context& context_;
    checked_toml& notes_;
    radio_way made_;
};

}  // namespace

radio_way read_radio_way(const toml::table& table, const file_context& context, checked_toml& notes) {
    return way_reader(context, notes).read(table);
}

}  // namespace tessera::campaigns
