#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::os {

// A pipe through which the kernel moves bytes from one socket to another, splice(2): no byte is copied to
// this process and back. It counts its bytes. It owns two descriptors. One loop thread; after a fork, that of
// the new process.
//
// A pipe has room for a number of pieces, not of bytes, and a piece is as large as the network card made it.
// So a pipe can be full with few bytes; only an empty one surely takes some.
class SplicePipe {
 public:
  // No pipe, with errno set, if the kernel gives none or only a small one: a user who has many pipes gets
  // small ones (fs.pipe-user-pages-soft).
  static std::optional<SplicePipe> make() noexcept;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // Moves at most `most` bytes from the socket `fd` to the pipe. `again`: the socket has no bytes, or the
  // pipe is full; the latter only if may_be_full().
  IoResult fill(int fd, std::size_t most) noexcept;
  // Moves bytes from the pipe to the socket `fd`. Pre: not empty().
  IoResult drain(int fd) noexcept;
  // Copies all bytes out; `into` has room for them. False: the kernel fails, and they are still here.
  bool take(std::span<std::uint8_t> into) noexcept;
  bool may_be_full() const noexcept { return may_be_full_; }

  int reader() const noexcept { return reader_.get(); }
  int writer() const noexcept { return writer_.get(); }

 private:
  SplicePipe(int reader, int writer) noexcept : reader_(reader), writer_(writer) {}

  base::UniqueFd reader_;
  base::UniqueFd writer_;
  std::size_t size_ = 0;
  bool may_be_full_ = false;
};

}  // namespace wsflow::os
