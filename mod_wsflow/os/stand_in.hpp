#pragma once

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::os {

// Puts an event descriptor in the place of a socket: ring(), not the peer, wakes the thread that polls the
// socket's number. The thread that has the socket calls put_in() and take_out(); every thread may call ring()
// in between.
class StandIn {
 public:
  StandIn() noexcept = default;
  ~StandIn() { take_out(); }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // A second descriptor of the socket, to watch the peer; -1 before prepare().
  int socket() const noexcept { return socket_.get(); }

  // Makes the two descriptors that it needs for the socket `fd`. False with errno set if the kernel refuses.
  bool prepare(int fd) noexcept;
  // From here on the number of the socket is the event descriptor. False with errno set; then it is
  // unchanged.
  bool put_in() noexcept;
  // Puts the socket back at its number, if it is not there.
  void take_out() noexcept;
  void ring() const noexcept { event_.ring(); }

 private:
  Wakeup event_;           // owned
  base::UniqueFd socket_;  // owned
  int fd_ = -1;            // borrowed; the number of the socket
  bool in_ = false;
};

}  // namespace wsflow::os
