#include "mod_wsflow/httpd/tunnel/tunnel_log_record.hpp"

#include <chrono>
#include <utility>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"
#include "mod_wsflow/httpd/request/sent_fields.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::httpd {

namespace {

using config::HandshakeField;
using tunnel::Event;
using tunnel::Side;

const char* name(Event event) noexcept {
  switch (event) {
    case Event::start: return "start";
    case Event::alive: return "alive";
    case Event::end: break;
  }
  return "end";
}

// The TLS version of the connection; nullptr: plain.
const char* tls_of(const conn_rec* c) noexcept {
  const auto* state = state_of(c->master != nullptr ? c->master : c);
  return state != nullptr && state->ssl != nullptr ? SSL_get_version(state->ssl) : nullptr;
}

class RequestSource final : public status::LogSource {
 public:
  RequestSource(request_rec* r, Origin& origin) noexcept : r_(r), origin_(origin) {}

  std::optional<std::string> value(HandshakeField field, std::string_view in_braces) const override {
    const std::string name(in_braces);
    switch (field) {
      case HandshakeField::client: return text(r_->useragent_ip);
      case HandshakeField::peer: return text(r_->connection->client_ip);
      case HandshakeField::host: return text(ap_get_useragent_host(r_, REMOTE_NAME, nullptr));
      case HandshakeField::ident: return text(ap_get_remote_logname(r_));
      case HandshakeField::user: return text(r_->user);
      case HandshakeField::server: return text(r_->server->server_hostname);
      case HandshakeField::server_asked: return text(ap_get_server_name(r_));
      case HandshakeField::port: return std::to_string(ap_get_server_port(r_));
      case HandshakeField::local_port: return std::to_string(r_->connection->local_addr->port);
      case HandshakeField::remote_port: return std::to_string(r_->useragent_addr->port);
      case HandshakeField::request_line: return request_line();
      case HandshakeField::method: return text(r_->method);
      case HandshakeField::protocol: return text(r_->protocol);
      case HandshakeField::path: return text(r_->uri);
      case HandshakeField::query:
        return r_->args != nullptr ? std::string("?").append(r_->args) : std::string();
      case HandshakeField::request_field: return text(apr_table_get(judged_fields(r_), name.c_str()));
      case HandshakeField::answer_field: return text(apr_table_get(r_->headers_out, name.c_str()));
      case HandshakeField::environment: return text(apr_table_get(r_->subprocess_env, name.c_str()));
      case HandshakeField::note: return text(apr_table_get(r_->notes, name.c_str()));
      case HandshakeField::route: return route();
      case HandshakeField::origin: return text(origin_.name().text);
      case HandshakeField::handshake: return handshake();
      case HandshakeField::tls_client: return text(tls_of(r_->connection));
      case HandshakeField::tls_origin: return text(tls_of(origin_.connection()));
    }
    return std::nullopt;
  }

 private:
  static std::optional<std::string> text(const char* value) {
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  }
  // The request line without its query: a log shows the query only if its format has that field.
  std::optional<std::string> request_line() const {
    const std::string_view line(r_->the_request != nullptr ? r_->the_request : "");
    const auto query = line.find('?');
    if (query == std::string_view::npos) return std::string(line);
    const auto behind = line.find(' ', query);
    return std::string(line.substr(0, query)) +
           std::string(behind == std::string_view::npos ? "" : line.substr(behind));
  }
  std::optional<std::string> route() const {
    const auto* route = state_of(r_).route;
    return route != nullptr ? text(route->path) : std::nullopt;
  }
  std::optional<std::string> handshake() const {
    const auto millis = (apr_time_now() - r_->request_time) / 1000;
    const auto rest = std::to_string(1000 + millis % 1000);
    return std::to_string(millis / 1000) + "." + rest.substr(1);
  }

  request_rec* r_;  // borrowed
  Origin& origin_;  // borrowed
};

std::int64_t micros(base::Millis time) noexcept {
  return std::chrono::microseconds(time).count();
}

void note(status::LogFacts& facts, Side side, const tunnel::Observer& seen) noexcept {
  const auto i = static_cast<std::size_t>(side);
  facts.bytes[i] = seen.bytes();
  facts.messages[i] = seen.messages();
  facts.frames[i] = seen.frames();
  if (seen.close_seen()) facts.close_from[i] = seen.close_code();
}

const char* by(tunnel::EndedBy cause) noexcept {
  switch (cause) {
    case tunnel::EndedBy::client: return "client";
    case tunnel::EndedBy::origin: return "origin";
    case tunnel::EndedBy::nobody: break;
  }
  return "server";
}

class TunnelLogListener final : public tunnel::Listener {
 public:
  TunnelLogListener(TunnelLogRecord record, const char* mode) noexcept
      : Listener(record.log().every), record_(std::move(record)), mode_(mode) {}

  void on_event(Event event, const tunnel::Tunnel& tunnel, base::Instant now) noexcept override {
    if (event == Event::start && !record_.log().at_start) return;
    guard_void(record_.log().server, [&] {
      status::LogFacts facts{};
      facts.id = tunnel.id();
      facts.duration_us = micros(now - tunnel.started());
      facts.mode = mode_;
      for (const auto side : {Side::client, Side::origin}) {
        const auto i = static_cast<std::size_t>(side);
        note(facts, side, tunnel.from(side));
        if (const auto ours = tunnel.our_close(side)) facts.close_to[i] = ours;
        facts.rtt_ms[i] = tunnel.rtt(side);
      }
      if (event == Event::end) {
        facts.outcome = base::name(tunnel.outcome());
        facts.ended_by = by(tunnel.cause());
      }
      record_.write(event, facts);
    });
  }

 private:
  TunnelLogRecord record_;
  const char* mode_;
};

}  // namespace

TunnelLogRecord::TunnelLogRecord(Process& process, const TunnelLog& log, const status::LogSource& source)
    : process_(process),
      log_(log),
      started_(apr_time_now()),
      values_(status::prepare_values(log.shape, source)) {}

void TunnelLogRecord::write(Event event, status::LogFacts facts) const {
  if (!process_.log_writer) {
    process_.recorder.add(metrics::kLogLinesLost);
    return;
  }
  facts.event = name(event);
  facts.started_us = started_;
  facts.now_us = apr_time_now();
  facts.generation = process_.generation;
  facts.pid = static_cast<std::uint32_t>(os::own_pid());
  process_.log_writer->append(log_, status::make_log_line(log_.shape, values_, facts));
}

std::unique_ptr<tunnel::Listener> make_tunnel_log_record(Process& process, request_rec* r, Origin& origin,
                                                         const char* mode) {
  const auto* log = tunnel_log_of(r->server);
  if (log == nullptr) return nullptr;
  return std::make_unique<TunnelLogListener>(TunnelLogRecord(process, *log, RequestSource(r, origin)), mode);
}

}  // namespace wsflow::httpd
