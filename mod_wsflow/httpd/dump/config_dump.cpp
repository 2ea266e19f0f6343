#include "mod_wsflow/httpd/dump/config_dump.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/httpd/dump/capacity_facts.hpp"
#include "mod_wsflow/httpd/dump/tunnel_routes.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/counting_lines.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/status/json_writer.hpp"
#include "mod_wsflow/version.h"

namespace wsflow::httpd {

namespace {

using status::begin_object;
using status::flag;
using status::number;
using status::number_or_null;
using status::text;
using status::text_or_null;
using status::write_key;
using status::Writer;

// Modules that bound connections, requests or bytes of tunnels' handshakes, or end them.
constexpr const char* kLimiting[] = {"mod_qos.c",         "mod_evasive20.c", "mod_evasive.c",
                                     "mod_limitipconn.c", "mod_security2.c", "mod_reqtimeout.c",
                                     "mod_ratelimit.c",   "mod_bw.c",        "mod_cband.c",
                                     "mod_antiloris.c",   "mod_http2.c"};
// Lines that start a program to which httpd writes.
constexpr const char* kLogs[] = {"ErrorLog",    "CustomLog", "TransferLog",
                                 "ForensicLog", "WSFlowLog", "WSFlowPresenceEvents"};

void element(Writer& writer, std::string_view value) {
  const auto valid = base::valid_utf8(value);
  writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

std::uint64_t milliseconds(std::int64_t micros) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)) / 1000;
}

void write_mpm(Writer& writer, const capacity::Facts& facts) {
  begin_object(writer, "mpm");
  text(writer, "name", ap_show_mpm());
  flag(writer, "threads", facts.threads);
  flag(writer, "waits", facts.waits);
  number(writer, "children", facts.children);
  number(writer, "server_limit",
         static_cast<std::uint64_t>(std::max(mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS), 0)));
  number(writer, "threads_per_child", facts.threads_per_child);
  number_or_null(writer, "start_servers", facts.start_servers);
  number_or_null(writer, "min_spare_threads", facts.min_spare_threads);
  number_or_null(writer, "max_spare_threads", facts.max_spare_threads);
  number_or_null(writer, "max_connections_per_child", facts.max_connections_per_child);
  number_or_null(writer, "listen_backlog", facts.listen_backlog);
  status::real(writer, "async_request_worker_factor", facts.async_factor.value_or(0));
  const auto* line = last_line(ap_conftree, "GracefulShutdownTimeout");
  number(
      writer, "graceful_shutdown_timeout",
      line != nullptr ? static_cast<std::uint64_t>(std::max(std::strtol(line->args, nullptr, 10), 0L)) : 0);
  writer.EndObject();
}

void write_module(Writer& writer, const server_rec* main, const capacity::Facts& facts) {
  begin_object(writer, "module");
  number(writer, "threads", facts.loops);
  number_or_null(writer, "max_tunnels", facts.max_tunnels);
  number_or_null(writer, "max_handshakes", facts.max_handshakes);
  number(writer, "max_buffered", static_cast<std::uint64_t>(max_buffered(main)));
  number_or_null(writer, "rows", facts.rows);
  flag(writer, "tls_clients", facts.tls_clients);
  flag(writer, "tls_origins", facts.tls_origins);
  // Of the process that prints this, which apachectl has started as it starts httpd.
  number(writer, "descriptors", os::most_descriptors());
  writer.EndObject();
}

void write_settings(Writer& writer, const capacity::Facts& facts) {
  write_key(writer, "settings");
  writer.StartArray();
  for (const auto& setting : facts.settings) {
    writer.StartObject();
    text(writer, "name", setting.name);
    text(writer, "value", setting.value);
    text(writer, "place", setting.place);
    writer.EndObject();
  }
  writer.EndArray();
}

// The last line of the server, or of the main server.
const Line* line_in(const server_rec* server, const char* directive) noexcept {
  const auto* line = last_line(lines_of(server), directive);
  return line != nullptr ? line : last_line(ap_conftree, directive);
}

void write_servers(Writer& writer, const server_rec* main) {
  write_key(writer, "servers");
  writer.StartArray();
  for (const auto* server = main; server != nullptr; server = server->next) {
    const auto& proxy =
        *static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
    const auto* reads = line_in(server, "RequestReadTimeout");
    const auto* http2 = line_in(server, "H2WebSockets");
    writer.StartObject();
    text(writer, "name", server_name(server));
    text_or_null(
        writer, "place",
        server->defn_name != nullptr && server->is_virtual != 0
            ? apr_psprintf(main->process->pconf, "%s:%u", server->defn_name, server->defn_line_number)
            : "");
    number(writer, "timeout_ms", milliseconds(server->timeout));
    number(writer, "proxy_timeout_ms",
           milliseconds(proxy.timeout_set != 0 ? proxy.timeout : server->timeout));
    number(writer, "keep_alive_timeout_ms",
           milliseconds(server->keep_alive != 0 ? server->keep_alive_timeout : 0));
    text_or_null(writer, "request_read_timeout", reads != nullptr ? reads->args : "");
    text_or_null(writer, "h2_web_sockets", http2 != nullptr ? http2->args : "");
    writer.EndObject();
  }
  writer.EndArray();
}

void write_origins(Writer& writer, const TunnelRoute& route) {
  write_key(writer, "origins");
  writer.StartArray();
  for (const auto& origin : route.origins) {
    writer.StartObject();
    text(writer, "url", origin.url);
    text(writer, "address", origin.address);
    flag(writer, "local", origin.local);
    number(writer, "max", static_cast<std::uint64_t>(std::max(origin.most, 0)));
    number(writer, "acquire_ms", milliseconds(origin.acquire));
    number(writer, "timeout_ms", milliseconds(origin.timeout));
    writer.EndObject();
  }
  writer.EndArray();
}

void write_times(Writer& writer, const config::TunnelSettings& settings) {
  begin_object(writer, "times_ms");
  number(writer, "connect", milliseconds(settings.connect));
  number(writer, "handshake", milliseconds(settings.handshake));
  number(writer, "idle", milliseconds(settings.idle));
  number(writer, "stall", milliseconds(settings.stall));
  number(writer, "close", milliseconds(settings.close));
  number(writer, "lifetime", milliseconds(settings.lifetime));
  number(writer, "ping_client", milliseconds(settings.ping_client));
  number(writer, "ping_origin", milliseconds(settings.ping_origin));
  number(writer, "ping_timeout", milliseconds(settings.ping_timeout));
  writer.EndObject();
}

void write_routes(Writer& writer, const server_rec* main) {
  auto* pool = main->process->pconf;
  write_key(writer, "routes");
  writer.StartArray();
  for (const auto& route : tunnel_routes(main)) {
    writer.StartObject();
    text(writer, "route", spelled(pool, route.line));
    text(writer, "server", server_name(route.server));
    text(writer, "place", place_of(pool, *route.line.line));
    number(writer, "source_addresses", route.sources);
    number(writer, "buffer", static_cast<std::uint64_t>(route.settings.buffer));
    write_times(writer, route.settings);
    write_origins(writer, route);
    write_key(writer, "limits");
    writer.StartArray();
    for (const auto* limit : route.limits) element(writer, limit->definition.name);
    writer.EndArray();
    writer.EndObject();
  }
  writer.EndArray();
}

void write_limits(Writer& writer, const server_rec* main, const capacity::Facts& facts) {
  write_key(writer, "limits");
  writer.StartArray();
  for (const auto* limit : elements<const LimitConfig* const>(config_of(main).limits)) {
    const auto& definition = limit->definition;
    const auto known =
        std::ranges::find(facts.limits, std::string_view(definition.name), &capacity::LimitFacts::name);
    writer.StartObject();
    text(writer, "name", definition.name);
    text_or_null(writer, "place", limit->where != nullptr ? limit->where : "");
    number(writer, "concurrency", definition.settings.concurrency);
    number(writer, "queue", definition.settings.queue);
    number(writer, "acquire_ms", milliseconds(definition.acquire));
    flag(writer, "keyed", definition.keyed);
    flag(writer, "counts_tunnels", counts_tunnels(definition));
    // Of those that count all tunnels together: for the capacity.
    number(writer, "routes", known != facts.limits.end() ? known->routes : 0);
    writer.EndObject();
  }
  writer.EndArray();
}

// The limits of other modules, and the modules that are there.
void write_others(Writer& writer, const server_rec* main) {
  auto* pool = main->process->pconf;
  write_key(writer, "limiting_modules");
  writer.StartArray();
  for (const auto* name : kLimiting) {
    if (ap_find_linked_module(name) != nullptr) element(writer, name);
  }
  writer.EndArray();
  write_key(writer, "limiting_lines");
  writer.StartArray();
  for_each_line(ap_conftree, [&](const Line& line) {
    const auto* counting = counting_of(line);
    if (counting == nullptr) return;
    writer.StartObject();
    text(writer, "module", counting->module);
    text(writer, "name", line.directive);
    text(writer, "value", line.args);
    text(writer, "place", place_of(pool, line));
    writer.EndObject();
  });
  writer.EndArray();
  write_key(writer, "piped_logs");
  writer.StartArray();
  for_each_line(ap_conftree, [&](const Line& line) {
    const bool log = std::ranges::any_of(kLogs, [&line](const char* name) { return is_line(line, name); });
    // What the program is started with may hold a secret.
    if (log && (line.args[0] == '|' || (line.args[0] == '"' && line.args[1] == '|')))
      element(writer, place_of(pool, line));
  });
  writer.EndArray();
}

void write_status(Writer& writer, const server_rec* main) {
  write_key(writer, "listen");
  writer.StartArray();
  for (const auto* each = ap_listeners; each != nullptr; each = each->next) {
    char* address = nullptr;
    if (apr_sockaddr_ip_get(&address, each->bind_addr) != APR_SUCCESS) continue;
    const bool six = std::string_view(address).find(':') != std::string_view::npos;
    const auto host = six ? std::string("[").append(address).append("]") : std::string(address);
    element(writer, host + ":" + std::to_string(each->bind_addr->port));
  }
  writer.EndArray();
  write_key(writer, "status_paths");
  writer.StartArray();
  for (const char* path : elements<const char* const>(config_of(main).status_paths)) element(writer, path);
  writer.EndArray();
}

std::string dump(server_rec* main) {
  auto* pool = main->process->pconf;
  const auto& facts = configured_facts(main);
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  text(writer, "version", WSFLOW_VERSION);
  text(writer, "httpd", ap_get_server_description());
  text(writer, "server_root", ap_server_root);
  text(writer, "pid_file", ap_pid_fname != nullptr ? ap_runtime_dir_relative(pool, ap_pid_fname) : "");
  text(writer, "config_file", facts.config_file);
  text_or_null(writer, "mpm_file", facts.mpm_file);
  write_mpm(writer, facts);
  write_module(writer, main, facts);
  write_settings(writer, facts);
  write_servers(writer, main);
  write_routes(writer, main);
  number(writer, "unlimited_routes", facts.unlimited_routes);
  write_limits(writer, main, facts);
  write_others(writer, main);
  write_status(writer, main);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace

void dump_configuration(apr_pool_t* pool, server_rec* main) noexcept {
  if (ap_exists_config_define("DUMP_WSFLOW") == 0) return;
  guard_void(main, [&] {
    const auto text = dump(main);
    apr_file_t* out = nullptr;
    if (apr_file_open_stdout(&out, pool) == APR_SUCCESS)
      apr_file_write_full(out, text.data(), text.size(), nullptr);
  });
}

}  // namespace wsflow::httpd
