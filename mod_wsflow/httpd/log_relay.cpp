#include "mod_wsflow/httpd/log_relay.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/httpd/retained.hpp"
#include "mod_wsflow/httpd/server_log.hpp"
#include "mod_wsflow/os/datagrams.hpp"
#include "mod_wsflow/os/process.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kRetainedKey = "wsflow-log-relay";

// Survives reloads, in which the module itself is unloaded.
struct Retained {
  int fds[2];
  bool open;
};

// One line as it crosses.
struct Record {
  std::int32_t pid;
  std::int32_t id;
  std::int32_t error;
  std::uint16_t port;
  base::LogLevel level;
  char server[101];  // name of the virtual host, empty for the main server
  char text[512];
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

bool LogRelay::send(base::LogLevel level, int id, int error, std::string_view text,
                    const server_rec* server) const noexcept {
  Record record{};
  record.pid = os::own_pid();
  record.id = id;
  record.error = error;
  record.port = port_of(server);
  record.level = level;
  if (server->is_virtual != 0 && server->server_hostname != nullptr)
    copy(record.server, server->server_hostname);
  copy(record.text, text);
  const std::size_t size = offsetof(Record, text) + std::strlen(record.text);
  return os::send_datagram(write_fd_, std::as_bytes(std::span(&record, 1)).first(size));
}

void LogRelay::pass_on(server_rec* main_server) const noexcept {
  Record record;
  while (const auto size = os::receive_datagram(read_fd_, std::as_writable_bytes(std::span(&record, 1)))) {
    if (size <= offsetof(Record, text)) continue;
    base::Text<sizeof record.text + 32> line;
    line << "keeper " << record.pid << ": " << std::string_view(record.text, size - offsetof(Record, text));
    write_line(find(main_server, record), record.level, record.id, record.error, line.view());
  }
}

}  // namespace wsflow::httpd
