#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wsflow::capacity {

// What is known of one httpd and its machine, as far as it bears on how many tunnels they carry. Texts belong
// to whoever has filled it in: httpd's pool of the configuration, or the dump that a program has read. It is
// copied like a number.

using Count = std::optional<std::uint64_t>;  // nothing: not known

// A directive as the configuration has it.
struct Setting {
  std::string_view name;
  std::string_view value;
  std::string_view place;  // file:line
};

// An origin of a route.
struct OriginFacts {
  std::string_view url;
  bool local = false;         // reached at a Unix socket: it needs no port
  std::uint64_t sources = 0;  // addresses of WSFlowSourceAddress; 0: the system's own
};

// A limit that counts tunnels and has one count for all.
struct LimitFacts {
  std::string_view name;
  std::string_view place;  // file:line
  std::uint64_t concurrency = 0;
  std::uint64_t routes = 0;  // so many routes it is in force for
};

// Who starts httpd, and so says how many descriptors it gets.
enum class Service : std::uint8_t {
  unknown,
  envvars,    // Debian's apachectl, which reads them from a file
  unit,       // systemd alone
  container,  // whoever started the container
};

struct Facts {
  // The MPM.
  bool threads = true;         // false: each tunnel holds a process
  std::uint64_t children = 1;  // that MaxRequestWorkers allows
  std::uint64_t threads_per_child = 1;
  Count start_servers;
  Count min_spare_threads;
  Count max_spare_threads;
  Count max_connections_per_child;
  Count listen_backlog;
  std::optional<double> async_factor;
  bool waits = true;  // the MPM can wait for a request without a worker
  // The module.
  std::uint64_t loops = 1;
  Count max_tunnels;     // WSFlowMaxTunnels
  Count max_handshakes;  // WSFlowMaxHandshakes
  Count rows;            // of the status, in shared memory
  bool tls_clients = false;
  bool tls_origins = false;
  std::uint64_t routes = 0;
  std::uint64_t unlimited_routes = 0;  // that no limit of `limits` is in force for
  std::span<const OriginFacts> origins{};
  std::span<const LimitFacts> limits{};
  // The lines that say so, and the file for lines that are missing.
  std::span<const Setting> settings{};
  std::string_view mpm_file;     // where the other settings of the MPM are
  std::string_view config_file;  // the main one
  // The server as it runs, or would run.
  Count descriptors;  // the hard limit of each process
  Count tunnels_now;
  Service service = Service::unknown;
  std::string_view service_file;  // the file, or the unit's name
  // The machine.
  Count nr_open;
  Count file_max;
  Count files_open;
  Count epoll_watches;
  Count first_port;
  Count last_port;
  Count somaxconn;
  Count tcp_pages;  // the most that TCP may have
  Count tcp_pages_now;
  Count max_orphans;
  Count conntrack_max;
  Count conntrack_now;
  Count memory_available;  // bytes
  Count cgroup_memory_max;
  Count cgroup_memory_now;
  Count cgroup_pids_max;
};

// The last line with that directive; nullptr: none.
inline const Setting* setting(const Facts& facts, std::string_view name) noexcept {
  const Setting* found = nullptr;
  for (const auto& each : facts.settings) {
    if (each.name == name) found = &each;
  }
  return found;
}

}  // namespace wsflow::capacity
