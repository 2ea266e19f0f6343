#include "mod_wsflow/os/output.hpp"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace wsflow::os {

static_assert(kWholePipeWrite <= PIPE_BUF);

bool write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) return false;
  }
  return true;
}

bool wait_writable(int fd, base::Millis most) noexcept {
  pollfd watched{.fd = fd, .events = POLLOUT, .revents = 0};
  const auto end = base::now() + most;
  int ready = 0;
  do {
    const auto left = std::max<base::Millis::rep>((end - base::now()).count(), 0);
    ready = ::poll(&watched, 1, static_cast<int>(left));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace wsflow::os
