#include "operations/application_script.h"

#include <algorithm>

#include "codec/apdu.h"
#include "codec/global_platform.h"

namespace tessera::operations {
namespace {

namespace gp = codec::global_platform;

constexpr std::size_t command_header = 5;
constexpr std::size_t command_data_max = 255;

class packer {
public:
    explicit packer(const script_shape& shape)
        : octets_max_(commands_octets_max(shape)), overhead_(command_overhead(shape)) {}

    // Errors: bad_length.
    result<void> add(byte_view command, script_role role) {
        const auto needed = command.size() + overhead_;
        if (needed > octets_max_)
            return failure("bad_length", "parts_max",
                           "a command of " + std::to_string(command.size()) + " octets does not fit a packet");
        const bool alone = role == script_role::removes || (!scripts_.empty() && scripts_.back().role != role);
        if (scripts_.empty() || alone || used_ + needed > octets_max_) {
            scripts_.emplace_back().role = role;
            used_ = 0;
        }
        append(scripts_.back().octets, command);
        ++scripts_.back().commands;
        used_ += needed;
        return {};
    }
    // LOAD commands of a length that fills scripts well.
    [[nodiscard]] std::size_t block_octets() const {
        const auto whole = command_header + overhead_;
        const auto commands = (octets_max_ + command_data_max + whole - 1) / (command_data_max + whole);
        return std::min(command_data_max, octets_max_ / commands - whole);
    }
    std::vector<script> take() { return std::move(scripts_); }

private:
    std::size_t octets_max_;
    std::size_t overhead_;
    std::size_t used_ = 0;
    std::vector<script> scripts_;
};

result<void> add_loading(const application_action& action, packer& into) {
    TESSERA_TRY_VALUE(const auto announced,
                      gp::install_for_load({action.load_file, action.security_domain, {}, {}, {}}));
    TESSERA_TRY(into.add(announced, script_role::adds));
    TESSERA_TRY_VALUE(const auto blocks, gp::load_blocks(action.components, into.block_octets()));
    for (const auto& block : blocks) TESSERA_TRY(into.add(block, script_role::adds));
    return {};
}

result<void> add_action(const application_action& action, packer& into) {
    if (action.kind == application_kind::remove) {
        TESSERA_TRY_VALUE(const auto removal, gp::delete_object(action.removed, action.with_related));
        return into.add(removal, script_role::removes);
    }
    if (!action.components.empty()) TESSERA_TRY(add_loading(action, into));
    if (action.kind == application_kind::load) return {};
    TESSERA_TRY_VALUE(
        const auto install,
        gp::install_and_make_selectable(
            {action.load_file, action.module, action.instance, action.privileges, action.parameters, {}}));
    return into.add(install, script_role::adds);
}

read_back question(gp::status_of what, byte_view aid, std::size_t action, expectation expect) {
    read_back made;
    made.commands.octets = gp::get_status(what, aid).value();
    made.commands.commands = 1;
    made.expected = aid;
    made.write = action;
    made.expect = expect;
    return made;
}

// Whether a later action changes what there is of that AID.
bool overtaken(const std::vector<application_action>& actions, std::size_t index, byte_view aid) {
    return std::any_of(actions.begin() + static_cast<std::ptrdiff_t>(index) + 1, actions.end(), [&](const auto& later) {
        if (later.kind == application_kind::remove)
            return std::ranges::equal(later.removed, aid) ||
                   (later.with_related && std::ranges::equal(later.removed, actions[index].load_file));
        return std::ranges::equal(later.instance, aid) ||
               (!later.components.empty() && std::ranges::equal(later.load_file, aid));
    });
}

}  // namespace

result<std::vector<script>> application_scripts(const std::vector<application_action>& actions,
                                                const script_shape& shape) {
    packer into(shape);
    for (const auto& action : actions) TESSERA_TRY(add_action(action, into));
    return into.take();
}

std::vector<read_back> application_read_backs(const std::vector<application_action>& actions) {
    std::vector<read_back> questions;
    for (std::size_t i = 0; i < actions.size(); ++i) {
        const auto& action = actions[i];
        if (action.kind == application_kind::remove) {
            if (overtaken(actions, i, action.removed)) continue;
            for (const auto what : {gp::status_of::applications, gp::status_of::load_files})
                questions.push_back(question(what, action.removed, i, expectation::absent));
            continue;
        }
        if (!action.components.empty() && !overtaken(actions, i, action.load_file)) {
            questions.push_back(question(gp::status_of::load_files, action.load_file, i, expectation::loaded));
            questions.back().version = action.version;
        }
        if (action.kind == application_kind::install && !overtaken(actions, i, action.instance))
            questions.push_back(question(gp::status_of::applications, action.instance, i, expectation::selectable));
    }
    return questions;
}

}  // namespace tessera::operations
