#include "mod_wsflow/programs/doctor/diagnosis.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "mod_wsflow/programs/doctor/look.hpp"
#include "mod_wsflow/programs/doctor/report.hpp"

namespace wsflow::doctor {

namespace {

// A server on which all is well for 7,000 tunnels.
struct Well {
  Dump dump;
  Observed observed;
  DoctorOptions options;

  Well() {
    dump.httpd = "Apache/2.4.71";
    dump.mpm = "event";
    dump.routes.push_back({.route = "WSFlowPass /a",
                           .place = "site.conf:3",
                           .times = {},
                           .origins = {{"ws://o:1", 0, 0}},
                           .limits = {}});
    dump.origins = {{.url = "ws://o:1"}};
    observed.dump = &dump;
    auto& facts = observed.facts;
    facts.children = 2;
    facts.threads_per_child = 25;
    facts.descriptors = 8192;
    facts.origins = dump.origins;
    dump.facts.origins = dump.origins;
    facts.first_port = 32768;
    facts.last_port = 60999;
    observed.pid = 77;
    observed.status = StatusNow{};
  }
  Diagnosis diagnosis() const { return diagnose(options, observed); }
  int status() const { return exit_status(observed, diagnosis()); }
  const Trouble* trouble(std::string_view id) {
    kept = diagnosis();
    const auto found = std::ranges::find(kept.troubles, id, &Trouble::id);
    return found != kept.troubles.end() ? &*found : nullptr;
  }
  Diagnosis kept;
};

}  // namespace

TEST_CASE("without --tunnels it is what the configuration offers") {
  Well well;
  CHECK(well.diagnosis().wanted == 7820);
  CHECK(well.diagnosis().carried == 7820);
  CHECK(well.diagnosis().first == "descriptors");
  CHECK(well.status() == 0);
}

TEST_CASE("the exit status is that of the gravest") {
  Well well;
  well.options.tunnels = 7820;
  CHECK(well.status() == 0);
  well.options.tunnels = 7821;
  CHECK(well.status() == 2);
  CHECK(well.diagnosis().troubles.front().id == "descriptors");
  well.options.tunnels = 7000;
  well.observed.facts.max_spare_threads = 10;
  CHECK(well.status() == 1);
  CHECK(well.diagnosis().troubles.front().id == "spare-threads");
  well.observed.blind = true;
  CHECK(well.status() == 3);
}

TEST_CASE("what bites first stands first") {
  Well well;
  well.options.tunnels = 100'000;
  well.observed.facts.max_spare_threads = 10;
  const auto troubles = well.diagnosis().troubles;
  REQUIRE(troubles.size() >= 4);
  CHECK(troubles[0].id == "descriptors");
  CHECK(troubles[1].id == "ports");
  CHECK(troubles[2].id == "spare-threads");
  CHECK(troubles.back().severity == Severity::note);
}

TEST_CASE("what the status says") {
  Well well;
  CHECK(well.trouble("limit-full") == nullptr);
  well.observed.status->limits = {{.name = "app", .concurrency = 40, .in_use = 39},
                                  {.name = "any", .concurrency = 0, .in_use = 9}};
  CHECK(well.trouble("limit-full") == nullptr);
  well.observed.status->limits.front().in_use = 40;
  REQUIRE(well.trouble("limit-full") != nullptr);
  CHECK(well.trouble("limit-full")->title == "WSFlowLimit app is full");
  well.observed.status->children = {{5, 89, 100}};
  CHECK(well.trouble("child-full") == nullptr);
  well.observed.status->children.front().tunnels = 90;
  CHECK(well.trouble("child-full") != nullptr);
  well.observed.status->refused_by = {{"origin-connect", 7}};
  CHECK(well.trouble("refused") == nullptr);
  well.observed.status->refused_by = {{"max-tunnels", 7}};
  CHECK(well.trouble("refused") != nullptr);
  CHECK(well.trouble("on-workers") == nullptr);
  well.observed.status->on_workers = 1;
  CHECK(well.trouble("on-workers") != nullptr);
  CHECK(well.status() == 1);
}

TEST_CASE("a limit of descriptors that only a restart brings") {
  Well well;
  well.observed.descriptors_of_start = 8192;
  CHECK(well.trouble("old-limit") == nullptr);
  well.observed.descriptors_of_start = 20480;
  REQUIRE(well.trouble("old-limit") != nullptr);
  CHECK(well.trouble("old-limit")->severity == Severity::warning);
  well.observed.descriptors_of_start = 1024;
  CHECK(well.trouble("old-limit")->severity == Severity::note);
}

TEST_CASE("warnings of configtest that no row has said") {
  Well well;
  well.observed.warnings = {"WSF0082: MaxSpareThreads"};
  CHECK(well.trouble("configtest") != nullptr);
  well.observed.facts.max_spare_threads = 10;
  CHECK(well.trouble("configtest") == nullptr);
  well.observed.warnings.push_back("WSF0220: write \"H2WebSockets off\"");
  REQUIRE(well.trouble("configtest") != nullptr);
  CHECK(well.trouble("configtest")->because == "write \"H2WebSockets off\"");
}

TEST_CASE("lines of configtest that are warnings of the module") {
  const auto found = warnings_in(
      "[Sat Nov 28 13:00:00 2026] [wsflow:warn] [pid 1] WSF0082: a child\n[x] [wsflow:notice] [pid 1] "
      "WSF0242: each\n"
      "[x] [core:warn] [pid 1] AH00111: y\n[wsflow:warn] WSF12: z\n[wsflow:warn] [pid 1] WSF0220: last");
  REQUIRE(found.size() == 2);
  CHECK(found[0] == "WSF0082: a child");
  CHECK(found[1] == "WSF0220: last");
}

TEST_CASE("notes do not change the exit status") {
  Well well;
  CHECK(well.trouble("origin") != nullptr);
  well.dump.limiting_lines = {{"QS_SrvMaxConn", "100", "q.conf:1"}};
  well.dump.piped_logs = {"site.conf:9"};
  well.dump.routes.front().origins.front().most = 20;
  for (const auto* id : {"other-modules", "piped-log", "pool-keys"}) {
    REQUIRE(well.trouble(id) != nullptr);
    CHECK(well.trouble(id)->severity == Severity::note);
  }
  CHECK(well.status() == 0);
}

TEST_CASE("a server without a route has no tunnels") {
  Well well;
  well.dump.routes.clear();
  CHECK(well.trouble("no-route") != nullptr);
  CHECK(well.status() == 1);
}

TEST_CASE("the text for people fits, and has each line whole") {
  Well well;
  well.options.tunnels = 50'000;
  well.observed.facts.service = capacity::Service::envvars;
  well.observed.facts.service_file = "/etc/apache2/envvars";
  well.observed.unknown = {"the status"};
  const auto text = report_text(well.observed, well.diagnosis());
  CHECK(text.find("50,000 tunnels: no. It carries 7,820; the first limit is descriptors.") !=
        std::string::npos);
  CHECK(text.find("    /etc/apache2/envvars:\n        APACHE_ULIMIT_MAX_FILES='ulimit -n 51200'\n") !=
        std::string::npos);
  CHECK(text.find("\nNot seen:\n    the status.\n") != std::string::npos);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    INFO(text.substr(begin, end - begin));
    CHECK(end - begin <= 90);
    CHECK((end == begin || text[end - 1] != ' '));
    begin = end + 1;
  }
}

TEST_CASE("the JSON for programs") {
  Well well;
  well.options.tunnels = 50'000;
  rapidjson::Document json;
  const auto text = report_json(well.observed, well.diagnosis());
  json.Parse(text.c_str());
  REQUIRE(json.IsObject());
  CHECK(json["wanted"].GetUint() == 50'000);
  CHECK(json["carried"].GetUint() == 7820);
  CHECK(std::string(json["first"].GetString()) == "descriptors");
  CHECK(json["exit"].GetInt() == 2);
  CHECK(json["pid"].GetInt() == 77);
  CHECK(json["tunnels_open"].IsNull());
  REQUIRE(json["troubles"].Size() >= 2);
  CHECK(std::string(json["troubles"][0]["advice"][0]["line"].GetString()) == "ulimit -n 51200");
  CHECK(json["limits"].Size() == 3);
}

}  // namespace wsflow::doctor
