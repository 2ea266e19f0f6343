#include "mod_wsflow/tunnel/endpoint.hpp"

namespace wsflow::tunnel {

std::size_t Endpoint::write_through(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t written = 0;
  while (written < bytes.size() && !write_blocked && !lost) {
    const auto result = stream.write(bytes.subspan(written));
    switch (result.status) {
      case os::Io::ok: written += result.bytes; break;
      case os::Io::again: write_blocked = true; break;
      case os::Io::eof:
      case os::Io::failed: lost = true; break;
    }
  }
  return written;
}

bool Endpoint::flush() noexcept {
  if (!pending.empty()) {
    pending.pop(write_through(pending.front()));
    if (lost) pending.clear();
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
