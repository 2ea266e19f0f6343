#include "mod_wsflow/capacity/system_facts.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace wsflow::capacity {

namespace {

using Texts = std::map<std::string, std::string>;

class FakeFiles final : public Files {
 public:
  explicit FakeFiles(Texts files) : files_(std::move(files)) {}
  std::optional<std::string> read(const std::string& path) const override {
    const auto found = files_.find(path);
    return found != files_.end() ? std::optional(found->second) : std::nullopt;
  }

 private:
  Texts files_;
};

}  // namespace

TEST_CASE("the machine's numbers are where they are") {
  const FakeFiles files(Texts{{"/proc/sys/fs/nr_open", "1048576\n"},
                              {"/proc/sys/fs/file-max", "9223372036854775807\n"},
                              {"/proc/sys/fs/file-nr", "1280\t0\t9223372036854775807\n"},
                              {"/proc/sys/fs/epoll/max_user_watches", "77\n"},
                              {"/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"},
                              {"/proc/sys/net/core/somaxconn", "4096\n"},
                              {"/proc/sys/net/ipv4/tcp_mem", "1\t2\t3\n"},
                              {"/proc/sys/net/ipv4/tcp_max_orphans", "8\n"},
                              {"/proc/sys/net/netfilter/nf_conntrack_max", "9\n"},
                              {"/proc/sys/net/netfilter/nf_conntrack_count", "4\n"},
                              {"/proc/net/sockstat", "TCP: inuse 5 orphan 0 tw 0 alloc 7 mem 12\n"},
                              {"/proc/meminfo", "MemAvailable:   10 kB\n"}});
  Facts facts;
  add_machine(facts, files, 0);
  CHECK(facts.nr_open == 1048576);
  CHECK(facts.file_max == 9223372036854775807U);
  CHECK(facts.files_open == 1280);
  CHECK(facts.epoll_watches == 77);
  CHECK(facts.first_port == 32768);
  CHECK(facts.last_port == 60999);
  CHECK(facts.somaxconn == 4096);
  CHECK(facts.tcp_pages == 3);
  CHECK(facts.tcp_pages_now == 12);
  CHECK(facts.max_orphans == 8);
  CHECK(facts.conntrack_max == 9);
  CHECK(facts.conntrack_now == 4);
  CHECK(facts.memory_available == 10240);
  CHECK_FALSE(facts.cgroup_memory_max);
}

TEST_CASE("the limits of a control group, of its own or of the container's root") {
  Facts facts;
  add_machine(facts,
              FakeFiles(Texts{{"/proc/7/cgroup", "0::/system.slice/a.service\n"},
                              {"/sys/fs/cgroup/system.slice/a.service/memory.max", "1000\n"},
                              {"/sys/fs/cgroup/system.slice/a.service/memory.current", "10\n"},
                              {"/sys/fs/cgroup/system.slice/a.service/pids.max", "max\n"}}),
              7);
  CHECK(facts.cgroup_memory_max == 1000);
  CHECK(facts.cgroup_memory_now == 10);
  CHECK_FALSE(facts.cgroup_pids_max);
  add_machine(facts,
              FakeFiles(Texts{{"/proc/7/cgroup", "4:memory:/docker/x\n5:pids:/docker/x\n"},
                              {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "2000\n"},
                              {"/sys/fs/cgroup/pids/docker/x/pids.max", "30\n"}}),
              7);
  CHECK(facts.cgroup_memory_max == 2000);
  CHECK(facts.cgroup_pids_max == 30);
  add_machine(facts,
              FakeFiles(Texts{{"/proc/7/cgroup", "4:memory:/\n"},
                              {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}}),
              7);
  CHECK_FALSE(facts.cgroup_memory_max);
}

TEST_CASE("the limit of descriptors of another process") {
  const FakeFiles files(
      Texts{{"/proc/7/limits", "Max open files            10                 20              files\n"}});
  CHECK(descriptors_of(files, 7) == 20);
  CHECK_FALSE(descriptors_of(files, 8));
}

}  // namespace wsflow::capacity
