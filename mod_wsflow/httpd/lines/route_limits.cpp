#include "mod_wsflow/httpd/lines/route_limits.hpp"

#include <map>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"

namespace wsflow::httpd {

namespace {

bool is_in_force(const server_rec* main, const server_rec* server, const LimitSection& place,
                 const RouteLine& route) noexcept {
  if (place.server != main && place.server != server) return false;
  if (place.path == nullptr) return true;
  const bool pattern = std::string_view(place.section) != "<Location" || apr_fnmatch_test(place.path) != 0;
  return may_meet(place.path, pattern, route);
}

}  // namespace

std::vector<const LimitConfig*> limits_of(const server_rec* main, const server_rec* server,
                                          const RouteLine& route) {
  std::map<const LimitConfig*, bool> rules;
  for (const auto& place : elements<const LimitSection>(config_of(main).limit_sections)) {
    if (!is_in_force(main, server, place, route)) continue;
    for (const auto& use : elements<const AppliedLimit>(place.uses)) rules[use.rule] = !use.off;
  }
  std::vector<const LimitConfig*> limits;
  for (const auto& [rule, on] : rules) {
    if (on) limits.push_back(rule);
  }
  return limits;
}

bool counts_tunnels(const limits::LimitDefinition& definition) noexcept {
  return definition.settings.concurrency != 0 && definition.applies != limits::Applies::requests &&
         !definition.dry_run;
}

}  // namespace wsflow::httpd
