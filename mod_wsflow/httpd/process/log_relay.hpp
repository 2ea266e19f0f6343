#pragma once

#include <string_view>

#include "mod_wsflow/base/log_sink.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/os/datagrams.hpp"

namespace wsflow::httpd {

class LogWriter;

// Carries log lines from keepers to a process of the newest generation, which writes them. A keeper cannot:
// its log files may have been rotated, its piped loggers end with a reload, and it may not open new ones. The
// relay is a pair of datagram sockets that the parent makes once and keeps across reloads. The first process
// of the newest generation that looks gets a line. A copy holds the same two descriptors, which stay open as
// long as httpd runs.
class LogRelay {
 public:
  // The pair of this httpd; the parent makes it at its first start. Invalid if the kernel refuses.
  static LogRelay open() noexcept;
  LogRelay() noexcept = default;

  int write_fd() const noexcept { return write_fd_; }
  int read_fd() const noexcept { return read_fd_; }

  // Sends a line for the error log. Any thread of a keeper. Full: nobody has read for long.
  os::Sent send(base::LogLevel level, int id, int error, std::string_view text,
                const server_rec* server) const noexcept;
  // Sends a line of a tunnel log, without its newline; `target`: the log as it is configured. Any thread.
  os::Sent send_line(std::string_view target, std::string_view line, const server_rec* server) const noexcept;
  // Writes the waiting lines to the logs of this process's configuration. A line for the error log goes to
  // the virtual host of the same name and port, else to the main server. A line of a tunnel log goes to the
  // log of the same target, through `writer` (borrowed) unless it is nullptr. Never blocks on the pair. A
  // process of the newest generation.
  void pass_on(server_rec* main_server, LogWriter* writer) const noexcept;
  // Ends the relay when nobody will read any more: no process can send from now on. Passes on the waiting
  // lines.
  void end(server_rec* main_server, LogWriter* writer) const noexcept;

 private:
  LogRelay(int write_fd, int read_fd) noexcept : write_fd_(write_fd), read_fd_(read_fd) {}
  int write_fd_ = -1;  // borrowed from the process
  int read_fd_ = -1;   // borrowed from the process
};

}  // namespace wsflow::httpd
