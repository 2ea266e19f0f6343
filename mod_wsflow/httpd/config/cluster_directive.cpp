#include "mod_wsflow/httpd/config/cluster_directive.hpp"

#include <new>

#include "mod_wsflow/config/cluster_settings.hpp"
#include "mod_wsflow/httpd/config/line_place.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/guard.hpp"

namespace wsflow::httpd {

const char* set_cluster(cmd_parms* cmd, void*, const char* arguments) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  return guard(cmd->server, "WSFlowCluster: out of memory", [&]() -> const char* {
    const auto given = config::parse_cluster(arguments);
    if (!given) return apr_pstrcat(cmd->pool, "WSFlowCluster: ", given.wrong().c_str(), nullptr);
    const ClusterConfig value{.url = apr_pstrmemdup(cmd->pool, given->url.data(), given->url.size()),
                              .lease = given->lease,
                              .timeout = given->timeout,
                              .where = place_of(cmd)};
    config_of(cmd->server).settings.cluster =
        ::new (apr_palloc(cmd->pool, sizeof(ClusterConfig))) ClusterConfig(value);
    return nullptr;
  });
}

}  // namespace wsflow::httpd
