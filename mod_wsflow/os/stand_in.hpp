#pragma once

#include "mod_wsflow/base/unique_fd.hpp"

namespace wsflow::os {

// Puts another descriptor in the place of a socket: what that one tells, not the peer, wakes the thread that
// polls the socket's number. The thread that has the socket calls all functions. The destructor does not put
// the socket back: whoever has the number may have closed it.
class StandIn {
 public:
  StandIn() noexcept = default;
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // A second descriptor of the socket, to watch the peer; -1 before prepare().
  int socket() const noexcept { return socket_.get(); }

  // Makes the second descriptor of the socket `fd`. False with errno set if the kernel refuses.
  bool prepare(int fd) noexcept;
  // From here on the number of the socket is a descriptor of the file behind `other`. False with errno set;
  // then it is unchanged.
  bool put_in(int other) noexcept;
  // Puts the socket back at its number, if it is not there.
  void take_out() noexcept;

 private:
  base::UniqueFd socket_;  // owned
  int fd_ = -1;            // borrowed; the number of the socket
  bool in_ = false;
};

}  // namespace wsflow::os
