#include "mod_wsflow/httpd/checks/cluster_check.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/httpd/cluster/cluster_thread.hpp"
#include "mod_wsflow/httpd/config/cluster_directive.hpp"
#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/log.hpp"

namespace wsflow::httpd {

namespace {

int reject(const server_rec* main, const char* what) noexcept {
  ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main, WSFLOGNO(0404) "%s", what);
  return HTTP_INTERNAL_SERVER_ERROR;
}

}  // namespace

int check_cluster(const server_rec* main) noexcept {
  auto* pool = main->process->pconf;
  const auto* cluster = config_of(main).settings.cluster;
  const auto rules = elements<LimitConfig* const>(config_of(main).limits);
  const LimitConfig* shared = nullptr;
  for (const auto* rule : rules) {
    if (!limits::is_shared(rule->definition)) continue;
    shared = rule;
    const auto* twin = *std::ranges::find_if(rules, [rule](const LimitConfig* each) {
      return std::string_view(each->definition.cluster) == rule->definition.cluster;
    });
    if (twin == rule) continue;
    return reject(
        main,
        apr_psprintf(pool,
                     "WSFlowLimit %s (%s): the limit %s has cluster=%s already: one limit of a "
                     "node for each name",
                     rule->definition.name, rule->where, twin->definition.name, twin->definition.cluster));
  }
  if (shared != nullptr && cluster == nullptr) {
    return reject(main, apr_psprintf(pool,
                                     "WSFlowLimit %s (%s): cluster= needs the database that the nodes share: "
                                     "write \"WSFlowCluster redis://host\"",
                                     shared->definition.name, shared->where));
  }
  if (cluster == nullptr) return OK;
  const auto* client = redis_client();
  if (client == nullptr) {
    return reject(main,
                  apr_psprintf(pool,
                               "WSFlowCluster (%s) needs the client of the database: write \"LoadModule "
                               "wsflow_redis_module modules/mod_wsflow_redis.so\"",
                               cluster->where));
  }
  const char* wrong = client->check(cluster->url);
  return wrong == nullptr ? OK
                          : reject(main, apr_psprintf(pool, "WSFlowCluster (%s): %s", cluster->where, wrong));
}

}  // namespace wsflow::httpd
