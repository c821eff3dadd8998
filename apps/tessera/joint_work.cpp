#include "tessera/joint_work.h"

#include "campaigns/create.h"
#include "tessera/campaign_runner.h"

namespace tessera::app {
namespace {

campaigns::environment in_role(campaigns::environment env, campaigns::role role) {
    env.role = role;
    return env;
}

}  // namespace

joint_work::joint_work(data_directory& data, store::shared_writer& writer, telecom::radio& radio, campaigns::role role)
    : loop_(
          in_role(campaign_environment(data, writer, radio, none_, nobody_, never_), role),
          [this, &data, &writer, &radio, role](const campaigns::campaign&,
                                               const campaigns::definition& what) -> result<campaigns::environment> {
              if (role != campaigns::role::worker) TESSERA_TRY(data.settings.used_by(what.way.smscs));
              return in_role(campaign_environment(data, writer, radio, what, nobody_, never_), role);
          },
          campaigns::definition_of) {}

}  // namespace tessera::app
