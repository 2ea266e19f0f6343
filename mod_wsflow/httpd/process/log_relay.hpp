#pragma once

#include <string_view>

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/datagrams.hpp"

namespace wsflow::httpd {

class LogWriter;

// Carries log lines from keepers to a process of the newest generation, which writes them: a keeper's own log
// files may have been rotated, its piped loggers end with a reload, and it may not open new ones. A pair of
// datagram sockets that the parent makes once and keeps across reloads; whoever of the newest generation
// looks first gets a line. A copy holds the same two descriptors, which stay open as long as httpd runs.
class LogRelay {
 public:
  // The pair of this httpd; makes it in the parent's first start. Invalid if the kernel refuses.
  static LogRelay open() noexcept;
  LogRelay() noexcept = default;

  int write_fd() const noexcept { return write_fd_; }
  int read_fd() const noexcept { return read_fd_; }

  // Every thread of a keeper. Full: nobody has read for long.
  os::Sent send(base::LogLevel level, int id, int error, std::string_view text,
                const server_rec* server) const noexcept;
  // Likewise a line of a tunnel log, without its newline; `target`: the log as it is configured.
  os::Sent send_line(std::string_view target, std::string_view line, const server_rec* server) const noexcept;
  // Writes the lines that wait to the logs of this process's configuration: to the virtual host of the same
  // name and port, or else to the main server; those of tunnel logs to the log of the same target, through
  // `writer` where there is one. Never
  // blocks on the pair. A process of the newest generation.
  void pass_on(server_rec* main_server, LogWriter* writer) const noexcept;
  // Nobody will read any more: passes on what waits, and nothing can be sent from now on, by any process.
  void end(server_rec* main_server, LogWriter* writer) const noexcept;

 private:
  LogRelay(int write_fd, int read_fd) noexcept : write_fd_(write_fd), read_fd_(read_fd) {}
  int write_fd_ = -1;  // borrowed from the process
  int read_fd_ = -1;   // borrowed from the process
};

}  // namespace wsflow::httpd
