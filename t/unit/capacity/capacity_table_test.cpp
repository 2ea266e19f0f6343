#include "mod_wsflow/capacity/capacity_table.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <charconv>
#include <map>
#include <set>
#include <string>

#include "mod_wsflow/capacity/arithmetic.hpp"
#include "mod_wsflow/capacity/proc_text.hpp"

namespace wsflow::capacity {

namespace {

constexpr OriginFacts kOrigins[] = {{.url = "ws://10.0.0.5:8080"}};
constexpr LimitFacts kLimits[] = {{.name = "app", .place = "site.conf:7", .concurrency = 500, .routes = 2}};
constexpr Setting kSettings[] = {{"MaxSpareThreads", "75", "mpm.conf:4"},
                                 {"ListenCoresBucketsRatio", "8", "mpm.conf:9"}};

// A machine on which nothing is enough for 20,000 tunnels.
Facts poor() {
  Facts facts;
  facts.children = 6;
  facts.threads_per_child = 25;
  facts.start_servers = 2;
  facts.min_spare_threads = 25;
  facts.max_spare_threads = 75;
  facts.max_connections_per_child = 10'000;
  facts.listen_backlog = 511;
  facts.async_factor = 2;
  facts.max_tunnels = 100;
  facts.max_handshakes = 10;
  facts.rows = 1000;
  facts.routes = 2;
  facts.origins = kOrigins;
  facts.limits = kLimits;
  facts.settings = kSettings;
  facts.mpm_file = "mpm.conf";
  facts.config_file = "httpd.conf";
  facts.descriptors = 8192;
  facts.tunnels_now = 100;
  facts.nr_open = 4096;
  facts.file_max = 10'000;
  facts.files_open = 5'000;
  facts.epoll_watches = 5'000;
  facts.first_port = 60'000;
  facts.last_port = 60'999;
  facts.somaxconn = 128;
  facts.tcp_pages = 4'000;
  facts.tcp_pages_now = 100;
  facts.max_orphans = 4'096;
  facts.conntrack_max = 10'000;
  facts.conntrack_now = 500;
  facts.memory_available = 50 * 1024 * 1024;
  facts.cgroup_memory_max = 100 * 1024 * 1024;
  facts.cgroup_memory_now = 60 * 1024 * 1024;
  facts.cgroup_pids_max = 40;
  return facts;
}

Finding finding(const Facts& facts, std::string_view row) {
  for (const auto& each : examine(facts)) {
    if (each.row->name == row) return each;
  }
  return {nullptr, 0};
}

// The last number of a line.
std::uint64_t last_number(const std::string& line) {
  const auto begin = line.find_last_not_of("0123456789", line.find_last_of("0123456789")) + 1;
  std::uint64_t value = 0;
  std::from_chars(line.data() + begin, line.data() + line.size(), value);
  return value;
}

// What a line would change.
void write(Facts& facts, const Advice& advice) {
  static const std::map<std::string, Count Facts::*> kCounts = {
      {"APACHE_ULIMIT_MAX_FILES", &Facts::descriptors},
      {"LimitNOFILE", &Facts::descriptors},
      {"--ulimit", &Facts::descriptors},
      {"ulimit", &Facts::descriptors},
      {"WSFlowMaxTunnels", &Facts::max_tunnels},
      {"WSFlowMaxHandshakes", &Facts::max_handshakes},
      {"ListenBacklog", &Facts::listen_backlog},
      {"MaxSpareThreads", &Facts::max_spare_threads},
      {"MaxConnectionsPerChild", &Facts::max_connections_per_child},
      {"net.core.somaxconn", &Facts::somaxconn},
      {"fs.nr_open", &Facts::nr_open},
      {"fs.file-max", &Facts::file_max},
      {"fs.epoll.max_user_watches", &Facts::epoll_watches},
      {"net.netfilter.nf_conntrack_max", &Facts::conntrack_max},
      {"net.ipv4.tcp_mem", &Facts::tcp_pages},
      {"net.ipv4.tcp_max_orphans", &Facts::max_orphans},
      {"TasksMax", &Facts::cgroup_pids_max}};
  const auto name = advice.line.substr(0, advice.line.find_first_of(" ="));
  const auto number = last_number(advice.line);
  if (const auto found = kCounts.find(name); found != kCounts.end()) {
    facts.*(found->second) = number;
  } else if (name == "AsyncRequestWorkerFactor") {
    facts.async_factor = static_cast<double>(number);
  } else if (name == "net.ipv4.ip_local_port_range") {
    facts.first_port = number_of(word_of(advice.line, 2));
    facts.last_port = number;
  } else if (name == "MemoryMax") {
    facts.cgroup_memory_max = number * 1024 * 1024;
  } else if (name == "concurrency") {
    static LimitFacts raised = kLimits[0];
    raised.concurrency = number;
    facts.limits = {&raised, 1};
  } else if (name == "#ListenCoresBucketsRatio") {
    facts.settings = {};
  } else if (name == "WSFlowSourceAddress") {
    static OriginFacts spread = kOrigins[0];
    spread.sources = number;
    facts.origins = {&spread, 1};
  } else if (name == "LoadModule") {
    facts.threads = true;
  } else {
    FAIL("nobody knows what this line does: " << advice.line);
  }
}

}  // namespace

TEST_CASE("each row has a name and a text of its own") {
  std::set<std::string_view> names;
  for (const auto& row : rows()) {
    CHECK(names.insert(row.name).second);
    CHECK_FALSE(row.what.empty());
  }
}

TEST_CASE("what a row says to write, written, lets the row carry what was wanted") {
  const std::uint64_t wanted = GENERATE(7'000U, 20'000U, 100'000U, 1'000'000U);
  auto facts = poor();
  std::set<std::string_view> without = {"memory", "rows"};
  for (const auto& before : examine(facts)) {
    if (before.carried >= wanted) continue;
    const auto& row = *before.row;
    INFO(row.name << " of " << wanted);
    CHECK_FALSE(row.because(facts).empty());
    auto cured = facts;
    const auto advice = row.advice(facts, wanted);
    for (const auto& each : advice) {
      CHECK_FALSE(each.where.empty());
      CHECK_FALSE(each.then.empty());
      write(cured, each);
    }
    if (without.contains(row.name)) {
      CHECK(advice.empty());
      continue;
    }
    CHECK(!advice.empty());
    const auto after = row.carried(cured);
    CHECK(after.value_or(wanted) >= wanted);
  }
}

TEST_CASE("of a poor machine each row has something to say") {
  std::set<std::string_view> told;
  for (const auto& each : examine(poor())) told.insert(each.row->name);
  for (const auto& row : rows()) {
    INFO(row.name);
    CHECK((told.contains(row.name) || row.name == "mpm"));
  }
}

TEST_CASE("what is not known is no bound") {
  CHECK(examine(Facts{}).empty());
  CHECK(first_limit({}) == nullptr);
}

TEST_CASE("what refuses comes first, the fewest tunnels ahead") {
  auto facts = poor();
  facts.cgroup_pids_max = {};
  const auto findings = examine(facts);
  CHECK(std::ranges::is_sorted(findings, [](const Finding& one, const Finding& other) {
    return one.row->effect < other.row->effect ||
           (one.row->effect == other.row->effect && one.carried < other.carried);
  }));
  REQUIRE(first_limit(findings) != nullptr);
  CHECK(first_limit(findings)->row->name == "max-tunnels");
  CHECK(first_limit(findings)->carried == 200);
}

TEST_CASE("descriptors are those of the children that are kept") {
  auto facts = poor();
  facts.nr_open = {};
  facts.max_tunnels = {};
  CHECK(finding(facts, "descriptors").carried == 2 * 3910);
  facts.start_servers = 6;
  facts.max_spare_threads = 150;
  CHECK(finding(facts, "descriptors").carried == 6 * 3910);
  // Idle children beyond MaxSpareThreads are ended.
  facts.max_spare_threads = 75;
  CHECK(finding(facts, "descriptors").carried == 3 * 3910);
}

TEST_CASE("where descriptors are set depends on who starts httpd") {
  auto facts = poor();
  const auto advice = [&facts] {
    const auto all = finding(facts, "descriptors").row->advice(facts, 20'000);
    REQUIRE(all.size() == 1);
    return all.front();
  };
  facts.service = Service::envvars;
  facts.service_file = "/etc/apache2/envvars";
  CHECK(advice().where == "/etc/apache2/envvars");
  CHECK(advice().line == "APACHE_ULIMIT_MAX_FILES='ulimit -n 20480'");
  facts.service = Service::unit;
  facts.service_file = "httpd.service";
  CHECK(advice().where == "/etc/systemd/system/httpd.service.d/wsflow.conf");
  CHECK(advice().line == "LimitNOFILE=20480");
  facts.service = Service::container;
  CHECK(advice().line == "--ulimit nofile=20480");
}

TEST_CASE("more children are another way, where MaxRequestWorkers allows them") {
  auto facts = poor();
  facts.max_tunnels = {};
  const auto note = [&facts](std::uint64_t wanted) {
    return finding(facts, "descriptors").row->advice(facts, wanted).front().note;
  };
  CHECK(note(20'000) == "Or more children: StartServers 6 and MaxSpareThreads 150.");
  CHECK(note(10'000) == "Or more children: StartServers 3 and MaxSpareThreads 150.");
  CHECK(note(30'000).empty());
  facts.start_servers = 3;
  facts.max_spare_threads = 150;
  CHECK(finding(facts, "descriptors").carried >= 10'000);
}

TEST_CASE("a line that is there is named with its place, another one with the file of its kind") {
  const auto facts = poor();
  const auto spare = finding(facts, "spare-threads").row->advice(facts, 1);
  CHECK(spare.front().where == "mpm.conf:4");
  CHECK(spare.front().line == "MaxSpareThreads 150");
  const auto backlog = finding(facts, "backlog").row->advice(facts, 20'000);
  CHECK(backlog.front().where == "mpm.conf");
  CHECK(backlog.front().line == "ListenBacklog 1024");
}

TEST_CASE("prefork gives a process to each tunnel, and has no other bounds of children") {
  auto facts = poor();
  facts.threads = false;
  facts.children = 150;
  CHECK(finding(facts, "mpm").carried == 150);
  CHECK(finding(facts, "descriptors").row == nullptr);
  CHECK(finding(facts, "spare-threads").row == nullptr);
}

TEST_CASE("a limit bounds the whole only if each route has one") {
  auto facts = poor();
  CHECK(finding(facts, "limits").carried == 500);
  facts.unlimited_routes = 1;
  CHECK(finding(facts, "limits").row == nullptr);
  constexpr LimitFacts kOfEach[] = {{.name = "a", .place = "", .concurrency = 30, .routes = 1},
                                    {.name = "b", .place = "", .concurrency = 50, .routes = 1}};
  facts.unlimited_routes = 0;
  facts.limits = kOfEach;
  CHECK(finding(facts, "limits").carried == 80);
}

TEST_CASE("an origin behind a Unix socket needs no port; each address of ours has all ports") {
  auto facts = poor();
  CHECK(finding(facts, "ports").carried == 1000);
  CHECK(finding(facts, "quick-ports").carried == 500);
  constexpr OriginFacts kSpread[] = {{.url = "ws://a", .local = false, .sources = 3}, {.url = "ws://b"}};
  facts.origins = kSpread;
  CHECK(finding(facts, "ports").carried == 4000);
  constexpr OriginFacts kLocal[] = {{.url = "ws://a"}, {.url = "ws://b", .local = true}};
  facts.origins = kLocal;
  CHECK(finding(facts, "ports").row == nullptr);
  facts.origins = kOrigins;
  facts.last_port = 100;  // less than the first
  CHECK(finding(facts, "ports").row == nullptr);
}

TEST_CASE("a packet filter that keeps nothing bounds nothing") {
  auto facts = poor();
  CHECK(finding(facts, "conntrack").carried == 4750 + 100);
  facts.conntrack_now = 0;
  CHECK(finding(facts, "conntrack").row == nullptr);
}

TEST_CASE("TLS makes tunnels dearer") {
  auto facts = poor();
  const auto plain = finding(facts, "memory").carried;
  facts.tls_clients = true;
  const auto client = finding(facts, "memory").carried;
  facts.tls_origins = true;
  CHECK(plain > 2 * client);
  CHECK(client > finding(facts, "memory").carried);
}

TEST_CASE("no number is so great that it turns round") {
  auto facts = poor();
  facts.children = facts.threads_per_child = 1'000'000;
  facts.start_servers = 1'000'000'000'000;
  facts.max_spare_threads = 0;
  facts.descriptors = kUnlimited;
  facts.file_max = facts.nr_open = facts.epoll_watches = kUnlimited;
  facts.files_open = 0;
  facts.tunnels_now = 1'000'000'000'000;
  CHECK(finding(facts, "descriptors").carried > 1'000'000'000);
  CHECK(finding(facts, "file-max").carried > 1'000'000'000);
}

}  // namespace wsflow::capacity
