#include "mod_wsflow/os/stand_in.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace wsflow::os {

namespace {
// Makes `number` a second descriptor of the file behind `fd`.
bool replace(int number, int fd) noexcept {
  return ::dup3(fd, number, O_CLOEXEC) == number;
}
}  // namespace

bool StandIn::prepare(int fd) noexcept {
  socket_ = base::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  fd_ = fd;
  return static_cast<bool>(socket_);
}

bool StandIn::put_in(int other) noexcept {
  in_ = replace(fd_, other);
  return in_;
}

void StandIn::take_out() noexcept {
  // dup3() cannot fail: both descriptors are open.
  if (in_) in_ = !replace(fd_, socket_.get());
}

}  // namespace wsflow::os
