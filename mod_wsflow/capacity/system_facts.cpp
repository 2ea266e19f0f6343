#include "mod_wsflow/capacity/system_facts.hpp"

#include <algorithm>
#include <string_view>

#include "mod_wsflow/capacity/proc_text.hpp"

namespace wsflow::capacity {

namespace {

std::string of_process(std::int64_t pid, std::string_view name) {
  return "/proc/" + (pid == 0 ? std::string("self") : std::to_string(pid)) + "/" + std::string(name);
}

// The n-th word of a file, as a number.
Count number_in(const Files& files, const std::string& path, std::size_t word = 0) {
  const auto text = files.read(path);
  return text ? number_of(word_of(*text, word)) : std::nullopt;
}

Count sysctl(const Files& files, const char* name, std::size_t word = 0) {
  return number_in(files, std::string("/proc/sys/") + name, word);
}

// The file of a control group: of the group itself, or, in a container that sees its own group as the root,
// of that.
Count of_group(const Files& files, const Group& group, const std::string& mount, const char* name) {
  const auto path = group.path == "/" ? std::string() : group.path;
  if (const auto found = number_in(files, mount + path + "/" + name)) return found;
  return number_in(files, mount + "/" + name);
}

// The old hierarchy writes "no limit" as a number of pages that fills 63 bits.
Count bounded(Count value) noexcept {
  constexpr std::uint64_t kNone = std::uint64_t{1} << 60U;
  return value && *value < kNone ? value : std::nullopt;
}

void add_groups(Facts& facts, const Files& files, std::int64_t pid) {
  const auto groups = files.read(of_process(pid, "cgroup"));
  if (!groups) return;
  if (const auto memory = group_of(*groups, "memory")) {
    const std::string mount = memory->unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    facts.cgroup_memory_max =
        bounded(of_group(files, *memory, mount, memory->unified ? "memory.max" : "memory.limit_in_bytes"));
    facts.cgroup_memory_now =
        of_group(files, *memory, mount, memory->unified ? "memory.current" : "memory.usage_in_bytes");
  }
  if (const auto pids = group_of(*groups, "pids")) {
    facts.cgroup_pids_max =
        bounded(of_group(files, *pids, pids->unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids", "pids.max"));
  }
}

}  // namespace

void add_machine(Facts& facts, const Files& files, std::int64_t pid) {
  facts.nr_open = sysctl(files, "fs/nr_open");
  facts.file_max = sysctl(files, "fs/file-max");
  facts.files_open = sysctl(files, "fs/file-nr");
  facts.epoll_watches = sysctl(files, "fs/epoll/max_user_watches");
  facts.first_port = sysctl(files, "net/ipv4/ip_local_port_range");
  facts.last_port = sysctl(files, "net/ipv4/ip_local_port_range", 1);
  facts.somaxconn = sysctl(files, "net/core/somaxconn");
  facts.tcp_pages = sysctl(files, "net/ipv4/tcp_mem", 2);
  facts.max_orphans = sysctl(files, "net/ipv4/tcp_max_orphans");
  facts.conntrack_max = sysctl(files, "net/netfilter/nf_conntrack_max");
  facts.conntrack_now = sysctl(files, "net/netfilter/nf_conntrack_count");
  if (const auto text = files.read("/proc/net/sockstat")) facts.tcp_pages_now = tcp_pages(*text);
  if (const auto text = files.read("/proc/meminfo")) facts.memory_available = meminfo(*text, "MemAvailable");
  add_groups(facts, files, pid);
}

Count descriptors_of(const Files& files, std::int64_t pid) {
  const auto text = files.read(of_process(pid, "limits"));
  const auto limit = text ? descriptor_limit(*text) : std::nullopt;
  return limit ? Count(limit->hard) : std::nullopt;
}

}  // namespace wsflow::capacity
