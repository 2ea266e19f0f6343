#pragma once

#include <string>
#include <vector>

#include "mod_wsflow/cluster/key_round.hpp"
#include "mod_wsflow/cluster/key_script.hpp"
#include "t/unit/support/limits_rig.hpp"

namespace wsflow::test {

inline constexpr cluster::Settings kKeySettings{.lease = 8 * limits::kSecond, .timeout = limits::kSecond};

inline limits::LimitDefinition shared(limits::LimitSettings settings, std::uint32_t keys = 100) {
  auto definition = keyed(limit("x", settings), keys);
  std::string_view("app").copy(definition.cluster, limits::kNameSize - 1);
  return definition;
}

// A node whose database answers what the test says. Boot time is the real one, as shares are judged by it;
// the test says how long ago something was.
struct KeyRig {
  explicit KeyRig(const limits::LimitDefinition& definition) : KeyRig(definition, {definition}) {}
  // `all`: the limits of the node, that of the definition first; the others are its own.
  KeyRig(const limits::LimitDefinition& definition, const std::vector<limits::LimitDefinition>& all)
      : limits(all) {
    cluster::Request first;
    REQUIRE(cluster::begin(limits.one, 1, kKeySettings, true, boot, first) == cluster::Turn::ask);
    const auto& settings = definition.settings;
    const cluster::Told told{.settled = true,
                             .nodes = 2,
                             .concurrency = settings.concurrency,
                             .permits = 0,
                             .others = 0,
                             .permits_lacking = 0,
                             .burst = settings.rate > 0 ? settings.burst : 0,
                             .units = 0,
                             .unit_others = 0,
                             .units_lacking = 0,
                             .rate = settings.rate};
    REQUIRE(cluster::finish(limits.one, kKeySettings, first, std::array{told}, boot, news));
    REQUIRE(begin() == cluster::Turn::ask);
    REQUIRE(finish({}));
  }

  cluster::Turn begin(limits::Micros later = 0) {
    return cluster::begin_keys(limits.one, 1, kKeySettings, true, boot + later, request);
  }
  // Begins the next request, of so many keys, at boot time.
  void ask(std::size_t keys, limits::Micros later) {
    REQUIRE(begin(later) == cluster::Turn::ask);
    REQUIRE(request.keys.size() == keys);
  }
  bool finish(std::vector<cluster::KeyTold> told, limits::Micros later = 0,
              std::vector<std::string> recalled = {}, std::uint64_t term = 1, bool settled = true) {
    const cluster::KeyAnswer answer{.settled = settled,
                                    .nodes = 2,
                                    .term = term,
                                    .keys = std::move(told),
                                    .recalled = std::move(recalled)};
    return cluster::finish_keys(limits.one, kKeySettings, request, answer, boot + later, news);
  }
  limits::Answer enter(std::string_view key = "ann", limits::Waiting waiting = limits::Waiting::parked) {
    return limits.acquire(limits.one, {limits.demand(0, key)}, waiting);
  }
  bool is_in(std::string_view key = "ann") {
    return enter(key, limits::Waiting::never).state == limits::PermitState::held;
  }
  // The first handshake of a key, which is granted with so many permits.
  limits::PermitRef first(std::uint32_t permits, limits::Micros later, std::string_view key = "ann") {
    const auto answer = enter(key);
    REQUIRE(answer.state == limits::PermitState::waiting);
    ask(1, later);
    REQUIRE(finish({{.permits = permits, .units = 0, .tokens = 0, .end = cluster::KeyEnd::met}}, later));
    REQUIRE(limits.holds(limits.one, answer.permit));
    return answer.permit;
  }
  const limits::KeyLease& lease() { return limits.table->cluster.keys; }
  const limits::KeyShare& share(std::uint32_t number = 0) { return limits.table->key_shares[number]; }
  std::string name(std::string_view key = "ann") {
    return cluster::name_of_key("app", limits.demand(0, key).key.hash);
  }

  LimitsRig limits;
  limits::Micros boot = limits::boot_time();
  cluster::KeyRequest request;
  cluster::News news;
};

}  // namespace wsflow::test
