#include "mod_wsflow/os/splice_pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "mod_wsflow/base/assert.hpp"

namespace wsflow::os {

namespace {

// Room for 64 pieces. A network card makes pieces of one packet, so 64 KiB are about 45 of them.
constexpr int kWanted = 256 * 1024;
// Room for 16 pieces: what the kernel gives without being asked.
constexpr int kLeast = 64 * 1024;

IoResult result_of(ssize_t moved) noexcept {
  if (moved > 0) return {.status = Io::ok, .bytes = static_cast<std::size_t>(moved)};
  if (moved == 0) return {.status = Io::eof};
  const int error = errno;
  if (error == EAGAIN || error == EINTR) return {.status = Io::again};
  return {.status = Io::failed, .error = error};
}

}  // namespace

std::optional<SplicePipe> SplicePipe::make() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return std::nullopt;
  SplicePipe pipe(ends[0], ends[1]);
  ::fcntl(pipe.writer(), F_SETPIPE_SZ, kWanted);
  if (::fcntl(pipe.writer(), F_GETPIPE_SZ) >= kLeast) return pipe;
  errno = EPERM;
  return std::nullopt;
}

IoResult SplicePipe::fill(int fd, std::size_t most) noexcept {
  const auto result =
      result_of(::splice(fd, nullptr, writer_.get(), nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
  size_ += result.bytes;
  may_be_full_ = may_be_full_ || result.status == Io::ok;
  return result;
}

IoResult SplicePipe::drain(int fd) noexcept {
  const auto result =
      result_of(::splice(reader_.get(), nullptr, fd, nullptr, size_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
  size_ -= result.bytes;
  if (size_ == 0) may_be_full_ = false;
  return result;
}

// A read of a pipe gives all that it holds, as far as there is room.
bool SplicePipe::take(std::span<std::uint8_t> into) noexcept {
  const auto got = ::read(reader_.get(), into.data(), std::min(into.size(), size_));
  if (got <= 0) return empty();
  WSFLOW_ASSERT(static_cast<std::size_t>(got) == size_);
  size_ = 0;
  may_be_full_ = false;
  return true;
}

}  // namespace wsflow::os
