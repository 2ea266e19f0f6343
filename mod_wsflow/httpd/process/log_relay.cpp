#include "mod_wsflow/httpd/process/log_relay.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <span>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/process/line_outlet.hpp"
#include "mod_wsflow/httpd/process/server_log.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/os/pids.hpp"
#include "mod_wsflow/status/tunnel_log_line.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kRetainedKey = "wsflow-log-relay";

// Survives reloads, which unload the module.
struct Retained {
  int fds[2];
  bool open;
};

constexpr std::size_t kMaxText = 512;

// Most lines of one pass_on(): a process that sends without end must not keep the parent from stopping.
constexpr int kAtOnce = 1024;

// One line as a datagram. `text` of a tunnel log's line: target, NUL, line. Any process of the children's
// user can send a record, so the receiver trusts no field.
struct Record {
  std::int32_t pid;
  std::int32_t id;
  std::int32_t error;
  std::uint16_t port;
  std::uint8_t level;          // a base::LogLevel
  std::uint8_t of_tunnel_log;  // 1: a line of a tunnel log
  char server[101];            // name of the virtual host, empty for the main server
  char text[status::kMaxLogLine + 4096];
};

std::uint16_t port_of(const server_rec* server) noexcept {
  return server->addrs != nullptr ? server->addrs->host_port : server->port;
}

template <std::size_t Size>
void copy(char (&to)[Size], std::string_view from) noexcept {
  const auto count = std::min(from.size(), Size - 1);
  std::memcpy(to, from.data(), count);
  to[count] = '\0';
}

void begin(Record& record, const server_rec* server) noexcept {
  std::memset(&record, 0, offsetof(Record, text));
  record.pid = os::own_pid();
  record.port = port_of(server);
  if (server->is_virtual != 0 && server->server_hostname != nullptr)
    copy(record.server, server->server_hostname);
}

// The bytes to send: the record with `pieces` as its text, cut to fit.
std::span<const std::byte> with_text(Record& record,
                                     std::initializer_list<std::string_view> pieces) noexcept {
  std::size_t size = 0;
  for (const auto piece : pieces) {
    const auto count = std::min(piece.size(), sizeof record.text - size);
    std::memcpy(record.text + size, piece.data(), count);
    size += count;
  }
  return std::as_bytes(std::span(&record, 1)).first(offsetof(Record, text) + size);
}

const server_rec* find(const server_rec* main_server, const Record& record) noexcept {
  for (const auto* server = main_server->next; server != nullptr && record.server[0] != '\0';
       server = server->next) {
    if (server->server_hostname != nullptr && port_of(server) == record.port &&
        std::strcmp(server->server_hostname, record.server) == 0)
      return server;
  }
  return main_server;
}

}  // namespace

LogRelay LogRelay::open() noexcept {
  auto& kept = retained<Retained>(kRetainedKey);
  if (!kept.open) kept.open = os::make_datagram_pair(kept.fds);
  return kept.open ? LogRelay(kept.fds[0], kept.fds[1]) : LogRelay();
}

os::Sent LogRelay::send(base::LogLevel level, int id, int error, std::string_view text,
                        const server_rec* server) const noexcept {
  Record record;  // uninitialised but for the bytes to send
  begin(record, server);
  record.id = id;
  record.error = error;
  record.level = static_cast<std::uint8_t>(level);
  return os::send_datagram(write_fd_, with_text(record, {text.substr(0, kMaxText)}));
}

os::Sent LogRelay::send_line(std::string_view target, std::string_view line,
                             const server_rec* server) const noexcept {
  Record record;
  begin(record, server);
  record.of_tunnel_log = 1;
  return os::send_datagram(write_fd_, with_text(record, {target, {"", 1}, line}));
}

void LogRelay::end(server_rec* main_server, LogWriter* writer) const noexcept {
  os::end_sending(write_fd_);
  pass_on(main_server, writer);
}

void LogRelay::pass_on(server_rec* main_server, LogWriter* writer) const noexcept {
  LineOutlet outlet(writer);
  Record record;
  for (int i = 0; i < kAtOnce; ++i) {
    const auto size = os::receive_datagram(read_fd_, std::as_writable_bytes(std::span(&record, 1)));
    if (size == 0) return;
    if (size <= offsetof(Record, text)) continue;
    *std::rbegin(record.server) = '\0';
    const std::string_view text(record.text, size - offsetof(Record, text));
    if (record.of_tunnel_log == 0) {
      base::Text<kMaxText + 32> line;
      line << "keeper " << record.pid << ": " << text;
      write_line(find(main_server, record), static_cast<base::LogLevel>(record.level), record.id,
                 record.error, line.view());
    } else if (const auto end = text.find('\0'); end != std::string_view::npos) {
      take_line(main_server, find(main_server, record), text.substr(0, end), text.substr(end + 1), outlet);
    }
  }
}

}  // namespace wsflow::httpd
