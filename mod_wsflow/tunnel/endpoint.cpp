#include "mod_wsflow/tunnel/endpoint.hpp"

#include <cerrno>

namespace wsflow::tunnel {

std::size_t Endpoint::write_through(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t written = 0;
  while (written < bytes.size() && !write_blocked && !out_ended && !lost) {
    const auto result = stream.write(bytes.subspan(written));
    switch (result.status) {
      case os::Io::ok: written += result.bytes; break;
      case os::Io::again: write_blocked = true; break;
      case os::Io::eof:
      case os::Io::failed: note_write_failure(result.error); break;
    }
  }
  return written;
}

// EHOSTUNREACH and ENETUNREACH replace ETIMEDOUT where a router has told the kernel why nothing arrives.
void Endpoint::note_error(int error) noexcept {
  timed_out = timed_out || error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

void Endpoint::note_write_failure(int error) noexcept {
  note_error(error);
  write_failed = out_ended = true;
  read_ready = true;
  stream.note_readable(true);
}

void Endpoint::write_through(os::SplicePipe& pipe) noexcept {
  while (!pipe.empty() && !write_blocked && !out_ended && !lost) {
    const auto result = stream.write_from(pipe);
    switch (result.status) {
      case os::Io::ok: break;
      case os::Io::again: write_blocked = true; break;
      case os::Io::eof:
      case os::Io::failed: note_write_failure(result.error); break;
    }
  }
}

bool Endpoint::flush() noexcept {
  if (auto* const pipe = pending.pipe()) {
    write_through(*pipe);
    pending.release_empty_pipe();
    if (out_ended) pending.clear();
  }
  if (!pending.empty() && pending.pipe() == nullptr) {
    pending.pop(write_through(pending.front()));
    if (out_ended) pending.clear();
  }
  return pending.empty();
}

void Endpoint::end_output() noexcept {
  if (out_ended) return;
  out_ended = true;
  pending.clear();
  if (!lost) stream.shutdown_write();
}

}  // namespace wsflow::tunnel
