#include "mod_wsflow/capacity/rows_of_httpd.hpp"

#include <algorithm>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/number_text.hpp"

namespace wsflow::capacity {

namespace {

constexpr const char* kReload = "reload";
// The parent keeps its sockets, its limits and its MPM over apachectl restart.
constexpr const char* kRestart = "stop and start";
constexpr const char* kNewLimit = "stop and start; a reload and apachectl restart keep the old limit";

std::uint64_t for_each_child(const Facts& facts, std::uint64_t wanted) noexcept {
  return divide_up(wanted, kept_children(facts));
}

std::string kept(const Facts& facts) {
  const auto number = kept_children(facts);
  auto text = counted(number, "child", "children");
  if (number < facts.children) text += " (of " + grouped(facts.children) + "; idle workers start no more)";
  return text;
}

// Handshakes of a child that may wait at a time; nothing: they wait on workers, or it is not known.
Count waiting_in_child(const Facts& facts) noexcept {
  if (!facts.threads || !facts.waits || !facts.async_factor) return std::nullopt;
  const auto room = static_cast<std::uint64_t>(
      std::clamp(*facts.async_factor * static_cast<double>(facts.threads_per_child), 1.0, 1e9));
  return std::min(room, facts.max_handshakes.value_or(room));
}

Count waiting_to_be_accepted(const Facts& facts) noexcept {
  if (!facts.listen_backlog) return std::nullopt;
  return std::min(*facts.listen_backlog, facts.somaxconn.value_or(*facts.listen_backlog));
}

std::string in_a_burst(std::uint64_t number) {
  return "; one in " + grouped(kBurst) + " tunnels comes at the same moment when all come back (" +
         counted(number * kBurst, "tunnel", "tunnels") + ")";
}

std::uint64_t workers(const Facts& facts) noexcept {
  return facts.children * facts.threads_per_child;
}

Advice limit_of_descriptors(const Facts& facts, std::uint64_t wanted) {
  const auto needed = round_up(descriptors_for(for_each_child(facts, wanted),
                                               reserved_descriptors(facts.threads_per_child, facts.loops)),
                               1024);
  const auto number = std::to_string(needed);
  const std::string file(facts.service_file);
  switch (facts.service) {
    case Service::envvars:
      return {.where = file,
              .line = "APACHE_ULIMIT_MAX_FILES='ulimit -n " + number + "'",
              .note = "LimitNOFILE= of systemd is overridden by it.",
              .then = kNewLimit};
    case Service::unit:
      return {.where = "/etc/systemd/system/" + file + ".d/wsflow.conf",
              .line = "LimitNOFILE=" + number,
              .note = "Below a line [Service].",
              .then = "systemctl daemon-reload, and systemctl restart"};
    case Service::container:
      return {.where = "the command that starts the container",
              .line = "--ulimit nofile=" + number,
              .note = {},
              .then = "a new container"};
    case Service::unknown: break;
  }
  return {.where = "what starts httpd", .line = "ulimit -n " + number, .note = {}, .then = kNewLimit};
}

// More children with the descriptors that each has; empty: MaxRequestWorkers does not allow so many.
std::string more_children(const Facts& facts, std::uint64_t wanted) {
  const auto each = tunnels_of_child(facts).value_or(0);
  const auto needed = each != 0 ? divide_up(wanted, each) : facts.children + 1;
  if (needed > facts.children || kept_children(facts) >= needed) return {};
  return "Or more children: StartServers " + std::to_string(needed) + " and MaxSpareThreads " +
         std::to_string(workers(facts)) + ".";
}

}  // namespace

Advice directive(const Facts& facts, std::string_view name, std::string_view value, const char* then) {
  const auto* there = setting(facts, name);
  const auto file = facts.mpm_file.empty() ? facts.config_file : facts.mpm_file;
  const bool ours = name.starts_with("WSFlow");
  return {.where = std::string(there != nullptr ? there->place
                               : ours           ? facts.config_file
                                                : file),
          .line = std::string(name) + " " + std::string(value),
          .note = {},
          .then = then};
}

// The MPM.

Count mpm_carries(const Facts& facts) {
  return facts.threads ? std::nullopt : Count(facts.children);
}
std::string mpm_because(const Facts& facts) {
  return "with prefork each tunnel holds a process, of " + grouped(facts.children);
}
std::vector<Advice> mpm_advice(const Facts& facts, std::uint64_t) {
  return {{.where = std::string(facts.config_file),
           .line = "LoadModule mpm_event_module modules/mod_mpm_event.so",
           .note = "In place of the line of mpm_prefork_module (Debian: a2dismod mpm_prefork && a2enmod "
                   "mpm_event), with "
                   "PHP-FPM in place of mod_php.",
           .then = kRestart}};
}

// Descriptors.

Count descriptors_carry(const Facts& facts) {
  const auto each = tunnels_by_descriptors(facts);
  return facts.threads && each ? Count(*each * kept_children(facts)) : std::nullopt;
}
std::string descriptors_because(const Facts& facts) {
  return kept(facts) + ", each with " + grouped(facts.descriptors.value_or(0)) + " descriptors for " +
         counted(tunnels_by_descriptors(facts).value_or(0), "tunnel", "tunnels");
}
std::vector<Advice> descriptors_advice(const Facts& facts, std::uint64_t wanted) {
  auto advice = limit_of_descriptors(facts, wanted);
  const auto other = more_children(facts, wanted);
  if (!other.empty()) advice.note += (advice.note.empty() ? "" : " ") + other;
  return {std::move(advice)};
}

// WSFlowMaxTunnels.

Count max_tunnels_carry(const Facts& facts) {
  return facts.threads && facts.max_tunnels ? Count(*facts.max_tunnels * kept_children(facts)) : std::nullopt;
}
std::string max_tunnels_because(const Facts& facts) {
  return kept(facts) + ", each with WSFlowMaxTunnels " + std::to_string(facts.max_tunnels.value_or(0));
}
std::vector<Advice> max_tunnels_advice(const Facts& facts, std::uint64_t wanted) {
  auto advice = directive(facts, "WSFlowMaxTunnels", std::to_string(for_each_child(facts, wanted)), kReload);
  advice.note = "Without the line a child takes as many as it has descriptors for.";
  return {std::move(advice)};
}

// WSFlowLimit.

Count limits_carry(const Facts& facts) {
  if (facts.routes == 0 || facts.unlimited_routes != 0) return std::nullopt;
  std::uint64_t sum = 0;
  Count for_all;
  for (const auto& limit : facts.limits) {
    if (limit.routes == 0) continue;
    sum += limit.concurrency;
    if (limit.routes == facts.routes)
      for_all = std::min(for_all.value_or(limit.concurrency), limit.concurrency);
  }
  return std::min(sum, for_all.value_or(sum));
}
std::string limits_because(const Facts& facts) {
  std::string text = "every route has a limit:";
  for (const auto& limit : facts.limits) {
    if (limit.routes == 0) continue;
    text.append(text.back() == ':' ? " " : ", ").append(limit.name).append(" concurrency=");
    text.append(std::to_string(limit.concurrency));
  }
  return text;
}
std::vector<Advice> limits_advice(const Facts& facts, std::uint64_t wanted) {
  std::vector<Advice> all;
  for (const auto& limit : facts.limits) {
    if (limit.routes == 0 || limit.concurrency >= wanted) continue;
    all.push_back({.where = std::string(limit.place),
                   .line = "concurrency=" + std::to_string(wanted),
                   .note = "In the line of WSFlowLimit " + std::string(limit.name) +
                           ", if what stands behind it takes as many.",
                   .then = "reload, or the form of the status page"});
  }
  return all;
}

// Handshakes that wait for their origins.

Count handshakes_carry(const Facts& facts) {
  const auto each = waiting_in_child(facts);
  return each ? Count(*each * kept_children(facts) * kBurst) : std::nullopt;
}
std::string handshakes_because(const Facts& facts) {
  const auto each = waiting_in_child(facts).value_or(0);
  return grouped(each * kept_children(facts)) + " handshakes may wait for their origins at a time, " +
         grouped(each) + " in each child" + in_a_burst(each * kept_children(facts));
}
std::vector<Advice> handshakes_advice(const Facts& facts, std::uint64_t wanted) {
  const auto each = divide_up(for_each_child(facts, wanted), kBurst);
  std::vector<Advice> all;
  const auto factor = std::max(async_factor_for(each, facts.threads_per_child), kGoodAsyncFactor);
  if (facts.async_factor.value_or(0) < static_cast<double>(factor))
    all.push_back(directive(facts, "AsyncRequestWorkerFactor", std::to_string(factor), kReload));
  if (facts.max_handshakes && *facts.max_handshakes < each)
    all.push_back(directive(facts, "WSFlowMaxHandshakes", std::to_string(each), kReload));
  return all;
}

// Connections that wait to be accepted.

Count backlog_carries(const Facts& facts) {
  const auto number = waiting_to_be_accepted(facts);
  return number ? Count(*number * kBurst) : std::nullopt;
}
std::string backlog_because(const Facts& facts) {
  const auto number = waiting_to_be_accepted(facts).value_or(0);
  return grouped(number) + " connections may wait to be accepted (ListenBacklog " +
         std::to_string(facts.listen_backlog.value_or(0)) + ", net.core.somaxconn " +
         (facts.somaxconn ? std::to_string(*facts.somaxconn) : "unknown") + ")" + in_a_burst(number);
}
std::vector<Advice> backlog_advice(const Facts& facts, std::uint64_t wanted) {
  const auto needed = round_up(divide_up(wanted, kBurst), 512);
  std::vector<Advice> all;
  if (facts.listen_backlog.value_or(0) < needed)
    all.push_back(directive(facts, "ListenBacklog", std::to_string(needed), kRestart));
  if (facts.somaxconn && *facts.somaxconn < needed)
    all.push_back({.where = "/etc/sysctl.d/60-wsflow.conf",
                   .line = "net.core.somaxconn = " + std::to_string(needed),
                   .note = {},
                   .then = "sysctl --system, then stop and start"});
  return all;
}

// Children that the MPM ends.

Count spare_threads_carry(const Facts& facts) {
  const bool ends = facts.threads && ends_idle_children(facts.max_spare_threads.value_or(0), workers(facts));
  return ends ? Count(0) : std::nullopt;
}
std::string spare_threads_because(const Facts& facts) {
  return "a child full of idle tunnels looks idle to the MPM and may be ended (MaxSpareThreads " +
         std::to_string(facts.max_spare_threads.value_or(0)) + ", " + grouped(workers(facts)) +
         " workers); its tunnels go on in a keeper";
}
std::vector<Advice> spare_threads_advice(const Facts& facts, std::uint64_t) {
  return {directive(facts, "MaxSpareThreads", std::to_string(workers(facts)), kReload)};
}

Count recycling_carries(const Facts& facts) {
  return facts.threads && facts.max_connections_per_child.value_or(0) > 0 ? Count(0) : std::nullopt;
}
std::string recycling_because(const Facts& facts) {
  return "each child ends after " + grouped(facts.max_connections_per_child.value_or(0)) +
         " connections and leaves a keeper behind";
}
std::vector<Advice> recycling_advice(const Facts& facts, std::uint64_t) {
  const bool old =
      setting(facts, "MaxConnectionsPerChild") == nullptr && setting(facts, "MaxRequestsPerChild") != nullptr;
  return {directive(facts, old ? "MaxRequestsPerChild" : "MaxConnectionsPerChild", "0", kReload)};
}

// Children that cannot pass connections on.

Count buckets_carry(const Facts& facts) {
  return facts.threads && setting(facts, "ListenCoresBucketsRatio") != nullptr ? Count(0) : std::nullopt;
}
std::string buckets_because(const Facts&) {
  return "a full child cannot pass a connection on to one that has room, and refuses it";
}
std::vector<Advice> buckets_advice(const Facts& facts, std::uint64_t) {
  const auto* there = setting(facts, "ListenCoresBucketsRatio");
  return {{.where = std::string(there->place),
           .line = "#ListenCoresBucketsRatio " + std::string(there->value),
           .note = "Without the line there is one bucket.",
           .then = kRestart}};
}

// The rows of the status.

Count rows_carry(const Facts& facts) {
  return facts.rows;
}
std::string rows_because(const Facts& facts) {
  return "the status has rows for " + grouped(facts.rows.value_or(0)) +
         " tunnels; others are counted, but not shown";
}
std::vector<Advice> rows_advice(const Facts&, std::uint64_t) {
  return {};
}

}  // namespace wsflow::capacity
