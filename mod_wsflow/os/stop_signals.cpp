#include "mod_wsflow/os/stop_signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace wsflow::os {

StopSignals::StopSignals() noexcept {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  fd_ = base::UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool StopSignals::take() const noexcept {
  signalfd_siginfo received;
  return ::read(fd_.get(), &received, sizeof received) == static_cast<ssize_t>(sizeof received);
}

}  // namespace wsflow::os
