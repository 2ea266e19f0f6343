#include "mod_wsflow/programs/doctor/dump_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace wsflow::doctor {

namespace {

using base::Wrong;

// A number of children or threads: httpd has fewer than the most, and products of these can be computed.
std::uint64_t at_least_one(const JsonValue& value) noexcept {
  return std::clamp<std::uint64_t>(value.number().value_or(1), 1, 1'000'000);
}

void read_mpm(Dump& dump, const JsonValue& mpm) {
  auto& facts = dump.facts;
  dump.mpm = mpm["name"].text();
  facts.threads = mpm["threads"].flag();
  facts.waits = mpm["waits"].flag();
  facts.children = at_least_one(mpm["children"]);
  facts.threads_per_child = at_least_one(mpm["threads_per_child"]);
  facts.start_servers = mpm["start_servers"].number();
  facts.min_spare_threads = mpm["min_spare_threads"].number();
  facts.max_spare_threads = mpm["max_spare_threads"].number();
  facts.max_connections_per_child = mpm["max_connections_per_child"].number();
  facts.listen_backlog = mpm["listen_backlog"].number();
  facts.async_factor = mpm["async_request_worker_factor"].real();
}

void read_module(Dump& dump, const JsonValue& module) {
  auto& facts = dump.facts;
  facts.loops = at_least_one(module["threads"]);
  facts.max_tunnels = module["max_tunnels"].number();
  facts.max_handshakes = module["max_handshakes"].number();
  facts.rows = module["rows"].number();
  facts.tls_clients = module["tls_clients"].flag();
  facts.tls_origins = module["tls_origins"].flag();
  facts.descriptors = module["descriptors"].number();
}

std::vector<capacity::Setting> read_settings(const JsonValue& list) {
  std::vector<capacity::Setting> found;
  list.each([&found](const JsonValue& each) {
    found.push_back({each["name"].text(), each["value"].text(), each["place"].text()});
  });
  return found;
}

std::vector<std::string_view> read_texts(const JsonValue& list) {
  std::vector<std::string_view> found;
  list.each([&found](const JsonValue& each) { found.push_back(each.text()); });
  return found;
}

RouteTimes read_times(const JsonValue& times) noexcept {
  const auto time = [&times](const char* name) { return times[name].number().value_or(0); };
  return {.connect = time("connect"),
          .handshake = time("handshake"),
          .idle = time("idle"),
          .lifetime = time("lifetime"),
          .ping_client = time("ping_client"),
          .ping_timeout = time("ping_timeout")};
}

void read_routes(Dump& dump, const JsonValue& list) {
  std::map<std::string_view, capacity::OriginFacts> by_address;
  list.each([&](const JsonValue& each) {
    DumpRoute route{.route = each["route"].text(),
                    .place = each["place"].text(),
                    .times = read_times(each["times_ms"]),
                    .origins = {},
                    .limits = read_texts(each["limits"])};
    const auto sources = each["source_addresses"].number().value_or(0);
    each["origins"].each([&](const JsonValue& origin) {
      route.origins.push_back({origin["url"].text(), origin["max"].number().value_or(0),
                               origin["acquire_ms"].number().value_or(0)});
      auto& facts = by_address[origin["address"].text()];
      facts = {origin["url"].text(), origin["local"].flag(), std::max(facts.sources, sources)};
    });
    dump.routes.push_back(std::move(route));
  });
  for (const auto& [address, facts] : by_address) dump.origins.push_back(facts);
}

void read_limits(Dump& dump, const JsonValue& list) {
  list.each([&](const JsonValue& each) {
    const auto name = each["name"].text();
    dump.acquires.emplace_back(name, each["acquire_ms"].number().value_or(0));
    const auto routes = each["routes"].number().value_or(0);
    if (routes == 0) return;
    dump.limits.push_back({name, each["place"].text(), each["concurrency"].number().value_or(0), routes});
  });
}

// The first key without which it is no dump; nullptr: all are there.
const char* missing_key(const JsonValue& top) {
  constexpr const char* kNeeded[] = {"mpm", "module"};
  for (const auto* name : kNeeded) {
    if (!top[name].is_object()) return name;
  }
  return top["version"].text().empty() ? "version" : nullptr;
}

}  // namespace

base::Parsed<std::unique_ptr<Dump>> read_dump(std::string_view text) {
  auto dump = std::make_unique<Dump>();
  if (auto wrong = parse_json(dump->document, text, "the dump"); !wrong.empty())
    return Wrong{std::move(wrong)};
  const JsonValue top(dump->document);
  if (const auto* name = missing_key(top)) {
    return Wrong{std::string("the dump has no \"") + name +
                 "\": it is not what httpd -t -D DUMP_WSFLOW prints with mod_wsflow loaded"};
  }
  dump->version = top["version"].text();
  dump->httpd = top["httpd"].text();
  dump->pid_file = top["pid_file"].text();
  read_mpm(*dump, top["mpm"]);
  read_module(*dump, top["module"]);
  dump->settings = read_settings(top["settings"]);
  read_routes(*dump, top["routes"]);
  read_limits(*dump, top["limits"]);
  dump->limiting_lines = read_settings(top["limiting_lines"]);
  dump->limiting_modules = read_texts(top["limiting_modules"]);
  dump->piped_logs = read_texts(top["piped_logs"]);
  dump->listen = read_texts(top["listen"]);
  dump->status_paths = read_texts(top["status_paths"]);
  auto& facts = dump->facts;
  facts.config_file = top["config_file"].text();
  facts.mpm_file = top["mpm_file"].text();
  facts.routes = dump->routes.size();
  facts.unlimited_routes = top["unlimited_routes"].number().value_or(0);
  facts.settings = dump->settings;
  facts.origins = dump->origins;
  facts.limits = dump->limits;
  return dump;
}

}  // namespace wsflow::doctor
