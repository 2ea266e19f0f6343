#include "mod_wsflow/capacity/rows_of_machine.hpp"

#include <algorithm>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/number_text.hpp"

namespace wsflow::capacity {

namespace {

Advice kernel(const char* name, const std::string& value, std::string note = {}) {
  return {.where = "/etc/sysctl.d/60-wsflow.conf",
          .line = std::string(name) + " = " + value,
          .note = std::move(note),
          .then = "sysctl --system"};
}
Advice kernel(const char* name, std::uint64_t value) {
  return kernel(name, std::to_string(value));
}

std::uint64_t now(const Facts& facts) noexcept {
  return facts.tunnels_now.value_or(0);
}
// What is left of `most`; 0: nothing.
std::uint64_t left(Count most, Count used) noexcept {
  return *most - std::min(*most, used.value_or(0));
}
// How many tunnels are to come.
std::uint64_t more(const Facts& facts, std::uint64_t wanted) noexcept {
  return wanted - std::min(wanted, now(facts));
}

// A setting of the service of httpd, by whoever starts it.
std::vector<Advice> of_service(const Facts& facts, const std::string& unit_line,
                               const std::string& container_line) {
  if (facts.service == Service::container)
    return {{.where = "the command that starts the container",
             .line = container_line,
             .note = {},
             .then = "a new container"}};
  const auto unit =
      facts.service == Service::unit ? std::string(facts.service_file) : std::string("apache2.service");
  return {{.where = "/etc/systemd/system/" + unit + ".d/wsflow.conf",
           .line = unit_line,
           .note = "Below a line [Service].",
           .then = "systemctl daemon-reload, and systemctl restart"}};
}

// Threads and processes of a child: workers and loops, and the listener, the main thread and the module's
// own.
std::uint64_t threads_of_child(const Facts& facts) noexcept {
  constexpr std::uint64_t kOthers = 8;
  return facts.threads_per_child + facts.loops + kOthers;
}

std::uint64_t number_of_ports(const Facts& facts) noexcept {
  return facts.first_port && facts.last_port && *facts.last_port >= *facts.first_port
             ? *facts.last_port - *facts.first_port + 1
             : 0;
}
// The file that has the first route.
std::string file_of_routes(const Facts& facts) {
  const auto* route = setting(facts, "route");
  return std::string(route != nullptr ? route->place.substr(0, route->place.rfind(':')) : facts.config_file);
}
// Pairs of an origin and an address of ours: each has all ports.
std::uint64_t pairs(const Facts& facts) noexcept {
  std::uint64_t sum = 0;
  for (const auto& origin : facts.origins) sum += std::max<std::uint64_t>(origin.sources, 1);
  return sum;
}

}  // namespace

// Local ports.

Count ports_carry(const Facts& facts) {
  const auto ports = number_of_ports(facts);
  const bool any_local =
      std::ranges::any_of(facts.origins, [](const OriginFacts& each) { return each.local; });
  if (ports == 0 || facts.origins.empty() || any_local) return std::nullopt;
  return ports * pairs(facts);
}
std::string ports_because(const Facts& facts) {
  return grouped(number_of_ports(facts)) + " local ports towards each of " +
         counted(facts.origins.size(), "origin", "origins") + ", from " +
         counted(pairs(facts), "pair of addresses", "pairs of addresses");
}
std::vector<Advice> ports_advice(const Facts& facts, std::uint64_t wanted) {
  constexpr std::uint64_t kLast = 65535;
  constexpr std::uint64_t kWide = 10240;
  constexpr std::uint64_t kWidest = 1024;
  const auto each = divide_up(wanted, pairs(facts));
  const auto first = each <= kLast - kWide + 1 ? kWide : kWidest;
  std::vector<Advice> all;
  if (number_of_ports(facts) < kLast - first + 1) {
    all.push_back(kernel("net.ipv4.ip_local_port_range", std::to_string(first) + " " + std::to_string(kLast),
                         "Ports in it on which this machine's own servers listen go into "
                         "net.ipv4.ip_local_reserved_ports."));
  }
  if (each > kLast - first + 1) {
    const auto sources = divide_up(wanted, (kLast - first + 1) * facts.origins.size());
    std::string line = "WSFlowSourceAddress";
    for (std::uint64_t i = 1; i <= std::min<std::uint64_t>(sources, 32); ++i)
      line += " ADDRESS" + std::to_string(i);
    all.push_back(
        {.where = file_of_routes(facts),
         .line = std::move(line),
         .note = "Beside the routes, with addresses of this machine; or more origins in a balancer, or an "
                 "origin behind a Unix socket.",
         .then = "reload"});
  }
  return all;
}

// Local ports that connect() finds at once: Linux tries one half of the range first, and searches the other.

Count quick_ports_carry(const Facts& facts) {
  const auto all = ports_carry(facts);
  return all ? Count(*all / 2) : std::nullopt;
}
std::string quick_ports_because(const Facts& facts) {
  return "behind the first half of " + ports_because(facts) + ", the kernel searches for a free one";
}
std::vector<Advice> quick_ports_advice(const Facts& facts, std::uint64_t wanted) {
  return ports_advice(facts, 2 * wanted);
}

// Descriptors: what the kernel lets a process have, and all of them.

Count nr_open_carries(const Facts& facts) {
  if (!facts.nr_open || !facts.threads) return std::nullopt;
  Facts most = facts;
  most.descriptors = facts.nr_open;
  return *tunnels_by_descriptors(most) * kept_children(facts);
}
std::string nr_open_because(const Facts& facts) {
  return "no limit of descriptors may be above fs.nr_open, which is " + grouped(*facts.nr_open);
}
std::vector<Advice> nr_open_advice(const Facts& facts, std::uint64_t wanted) {
  const auto each = descriptors_for(divide_up(wanted, kept_children(facts)),
                                    reserved_descriptors(facts.threads_per_child, facts.loops));
  return {kernel("fs.nr_open", round_up(each, 1024))};
}

Count file_max_carries(const Facts& facts) {
  if (!facts.file_max || !facts.files_open) return std::nullopt;
  return left(facts.file_max, facts.files_open) / kDescriptorsOfTunnel + now(facts);
}
std::string file_max_because(const Facts& facts) {
  return grouped(*facts.files_open) + " files are open on this machine, of fs.file-max " +
         grouped(*facts.file_max);
}
std::vector<Advice> file_max_advice(const Facts& facts, std::uint64_t wanted) {
  return {kernel("fs.file-max",
                 round_up(*facts.files_open + more(facts, wanted) * kDescriptorsOfTunnel * 5 / 4, 65536))};
}

Count epoll_carries(const Facts& facts) {
  return facts.threads && facts.epoll_watches ? Count(*facts.epoll_watches / 2) : std::nullopt;
}
std::string epoll_because(const Facts& facts) {
  return "a user may watch " + grouped(*facts.epoll_watches) +
         " sockets (fs.epoll.max_user_watches), and a tunnel has two";
}
std::vector<Advice> epoll_advice(const Facts&, std::uint64_t wanted) {
  return {kernel("fs.epoll.max_user_watches", round_up(wanted * 5 / 2, 65536))};
}

// The connections that a packet filter keeps.

Count conntrack_carries(const Facts& facts) {
  // The files are there with the kernel's module; it counts nothing while no rule asks for it.
  if (!facts.conntrack_max || facts.conntrack_now.value_or(0) == 0) return std::nullopt;
  return left(facts.conntrack_max, facts.conntrack_now) / 2 + now(facts);
}
std::string conntrack_because(const Facts& facts) {
  return "the packet filter keeps " + grouped(*facts.conntrack_now) + " connections, of nf_conntrack_max " +
         grouped(*facts.conntrack_max) + "; a tunnel has two, and what comes beyond is dropped";
}
std::vector<Advice> conntrack_advice(const Facts& facts, std::uint64_t wanted) {
  return {kernel("net.netfilter.nf_conntrack_max",
                 round_up(*facts.conntrack_now + more(facts, wanted) * 5 / 2, 65536))};
}

// Memory.

Count memory_carries(const Facts& facts) {
  if (!facts.memory_available) return std::nullopt;
  return *facts.memory_available / bytes_of_tunnel(facts) + now(facts);
}
std::string memory_because(const Facts& facts) {
  return in_bytes(*facts.memory_available) + " are available, and a silent tunnel takes " +
         in_bytes(bytes_of_tunnel(facts)) + " with the kernel's part" +
         (facts.tls_clients || facts.tls_origins ? " and TLS" : "");
}
std::vector<Advice> memory_advice(const Facts&, std::uint64_t) {
  return {};
}

Count group_memory_carries(const Facts& facts) {
  if (!facts.cgroup_memory_max) return std::nullopt;
  return left(facts.cgroup_memory_max, facts.cgroup_memory_now) / bytes_of_tunnel(facts) + now(facts);
}
std::string group_memory_because(const Facts& facts) {
  return "its control group may have " + in_bytes(*facts.cgroup_memory_max) + " and has " +
         in_bytes(facts.cgroup_memory_now.value_or(0)) + "; a silent tunnel takes " +
         in_bytes(bytes_of_tunnel(facts));
}
std::vector<Advice> group_memory_advice(const Facts& facts, std::uint64_t wanted) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  const auto needed =
      facts.cgroup_memory_now.value_or(0) + more(facts, wanted) * bytes_of_tunnel(facts) * 5 / 4;
  const auto text = std::to_string(round_up(divide_up(needed, kMiB), 64));
  return of_service(facts, "MemoryMax=" + text + "M", "--memory " + text + "m");
}

Count group_pids_carry(const Facts& facts) {
  if (!facts.cgroup_pids_max || !facts.threads) return std::nullopt;
  const auto children = *facts.cgroup_pids_max / threads_of_child(facts);
  const auto each = tunnels_of_child(facts);
  if (children >= facts.children || !each) return std::nullopt;
  return children * *each;
}
std::string group_pids_because(const Facts& facts) {
  return "its control group may have " + grouped(*facts.cgroup_pids_max) +
         " threads (TasksMax), and each of " + counted(facts.children, "child", "children") + " needs " +
         grouped(threads_of_child(facts));
}
std::vector<Advice> group_pids_advice(const Facts& facts, std::uint64_t) {
  // Keepers and their threads come on top.
  const auto text = std::to_string(round_up(2 * facts.children * threads_of_child(facts), 64));
  return of_service(facts, "TasksMax=" + text, "--pids-limit " + text);
}

Count tcp_memory_carries(const Facts& facts) {
  if (!facts.tcp_pages) return std::nullopt;
  return left(facts.tcp_pages, facts.tcp_pages_now) / 2 + now(facts);
}
std::string tcp_memory_because(const Facts& facts) {
  return "TCP may have " + grouped(*facts.tcp_pages) + " pages (net.ipv4.tcp_mem) and has " +
         grouped(facts.tcp_pages_now.value_or(0)) +
         "; a tunnel with a message on its way takes one on each side";
}
std::vector<Advice> tcp_memory_advice(const Facts& facts, std::uint64_t wanted) {
  const auto most = round_up(facts.tcp_pages_now.value_or(0) + more(facts, wanted) * 5 / 2, 1024);
  return {kernel("net.ipv4.tcp_mem",
                 std::to_string(most / 2) + " " + std::to_string(most * 3 / 4) + " " + std::to_string(most))};
}

Count orphans_carry(const Facts& facts) {
  return facts.max_orphans;
}
std::string orphans_because(const Facts& facts) {
  return "of connections that are closed while bytes wait the kernel keeps " + grouped(*facts.max_orphans) +
         " (net.ipv4.tcp_max_orphans), and resets the others: their Close frames are lost at a stop";
}
std::vector<Advice> orphans_advice(const Facts&, std::uint64_t wanted) {
  return {kernel("net.ipv4.tcp_max_orphans", round_up(wanted, 1024))};
}

}  // namespace wsflow::capacity
