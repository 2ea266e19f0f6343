#include "mod_wsflow/os/stream.hpp"

namespace wsflow::os {

bool Stream::splices_in() const noexcept {
  return !ssl_;
}

bool Stream::splices_out() const noexcept {
  return !ssl_;
}

IoResult Stream::peek(std::span<std::uint8_t> into) noexcept {
  if (drained_) return nothing_now();
  const auto result = os::peek(fd_.get(), into);
  drained_ = result.status == Io::again;
  note_unread(result);
  return result;
}

// A short result does not tell that the socket has no more: the pipe may be full.
IoResult Stream::read_into(SplicePipe& pipe, std::size_t most) noexcept {
  if (drained_) return nothing_now();
  const auto result = pipe.fill(fd_.get(), most);
  drained_ = result.status == Io::again && !pipe.may_be_full();
  note_unread(result);
  return result;
}

// A socket tells its error once, and read() has to tell it.
void Stream::note_unread(const IoResult& result) noexcept {
  if (result.status != Io::failed) return;
  error_ = static_cast<std::uint8_t>(result.error);
  drained_ = true;
}

// What a read of a drained socket says.
IoResult Stream::nothing_now() const noexcept {
  return error_ != 0 ? IoResult{.status = Io::failed, .error = error_} : IoResult{.status = Io::again};
}

}  // namespace wsflow::os
