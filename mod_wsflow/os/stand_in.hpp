#pragma once

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::os {

// Puts an event descriptor in the place of a socket: whoever polls the socket's number is woken by ring(),
// not by the peer. put_in() and take_out() by the thread that has the socket, ring() by every thread in
// between.
class StandIn {
 public:
  StandIn() noexcept = default;
  ~StandIn() { take_out(); }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // A second descriptor of the socket, to watch it by; -1: there is none.
  int socket() const noexcept { return socket_.get(); }

  // The two descriptors that it needs, for the socket `fd`. False with errno if there are none.
  bool prepare(int fd) noexcept;
  // From here on the number of the socket is the event descriptor. False with errno; then nothing has
  // changed.
  bool put_in() noexcept;
  // The socket is at its number again. Does nothing if it is.
  void take_out() noexcept;
  void ring() const noexcept { event_.ring(); }

 private:
  Wakeup event_;           // owned
  base::UniqueFd socket_;  // owned
  int fd_ = -1;            // borrowed: the number of the socket
  bool in_ = false;
};

}  // namespace wsflow::os
