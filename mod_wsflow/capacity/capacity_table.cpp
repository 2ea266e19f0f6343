#include "mod_wsflow/capacity/capacity_table.hpp"

#include <algorithm>

#include "mod_wsflow/capacity/rows_of_httpd.hpp"
#include "mod_wsflow/capacity/rows_of_machine.hpp"

namespace wsflow::capacity {

namespace {

using enum Effect;

constexpr Row kRows[] = {
    {"mpm", "processes of prefork", refuses, mpm_carries, mpm_because, mpm_advice},
    {"descriptors", "descriptors of a child", refuses, descriptors_carry, descriptors_because,
     descriptors_advice},
    {"max-tunnels", "WSFlowMaxTunnels", refuses, max_tunnels_carry, max_tunnels_because, max_tunnels_advice},
    {"limits", "WSFlowLimit concurrency=", refuses, limits_carry, limits_because, limits_advice},
    {"ports", "local ports towards origins", refuses, ports_carry, ports_because, ports_advice},
    {"nr-open", "fs.nr_open", refuses, nr_open_carries, nr_open_because, nr_open_advice},
    {"file-max", "fs.file-max", refuses, file_max_carries, file_max_because, file_max_advice},
    {"epoll-watches", "fs.epoll.max_user_watches", refuses, epoll_carries, epoll_because, epoll_advice},
    {"conntrack", "connections of the packet filter", refuses, conntrack_carries, conntrack_because,
     conntrack_advice},
    {"memory", "memory", refuses, memory_carries, memory_because, memory_advice},
    {"cgroup-memory", "memory of the control group", refuses, group_memory_carries, group_memory_because,
     group_memory_advice},
    {"cgroup-pids", "threads of the control group", refuses, group_pids_carry, group_pids_because,
     group_pids_advice},
    {"quick-ports", "local ports that are found at once", hurts, quick_ports_carry, quick_ports_because,
     quick_ports_advice},
    {"spare-threads", "MaxSpareThreads", hurts, spare_threads_carry, spare_threads_because,
     spare_threads_advice},
    {"recycling", "MaxConnectionsPerChild", hurts, recycling_carries, recycling_because, recycling_advice},
    {"buckets", "ListenCoresBucketsRatio", hurts, buckets_carry, buckets_because, buckets_advice},
    {"handshakes", "handshakes that may wait", hurts, handshakes_carry, handshakes_because,
     handshakes_advice},
    {"backlog", "connections that may wait to be accepted", hurts, backlog_carries, backlog_because,
     backlog_advice},
    {"tcp-memory", "memory of TCP", hurts, tcp_memory_carries, tcp_memory_because, tcp_memory_advice},
    {"orphans", "closed connections with bytes left", hurts, orphans_carry, orphans_because, orphans_advice},
    {"rows", "rows of the status", hurts, rows_carry, rows_because, rows_advice},
};

}  // namespace

std::string_view name(Effect effect) noexcept {
  return effect == refuses ? "refuses" : "hurts";
}

std::span<const Row> rows() noexcept {
  return kRows;
}

std::vector<Finding> examine(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& row : kRows) {
    if (const auto carried = row.carried(facts)) findings.push_back({&row, *carried});
  }
  std::ranges::stable_sort(findings, [](const Finding& one, const Finding& other) {
    if (one.row->effect != other.row->effect) return one.row->effect == refuses;
    return one.carried < other.carried;
  });
  return findings;
}

const Finding* first_limit(std::span<const Finding> findings) noexcept {
  return !findings.empty() && findings.front().row->effect == Effect::refuses ? &findings.front() : nullptr;
}

}  // namespace wsflow::capacity
