#include "mod_wsflow/presence/line_sink.hpp"

#include <exception>

#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/presence/change_line.hpp"

namespace wsflow::presence {

namespace {

constexpr base::Millis kPatience{1000};
static_assert(kLongestLine <= os::kWholePipeWrite);

}  // namespace

std::size_t LineSink::tell(std::span<const Change> changes) noexcept {
  std::size_t told = 0;
  try {
    while (told < changes.size()) {
      // As many lines as a pipe takes in one piece.
      std::string piece;
      std::size_t lines = 0;
      for (; told + lines < changes.size(); ++lines) {
        const auto line = change_line(changes[told + lines], node_);
        if (lines != 0 && piece.size() + line.size() > os::kWholePipeWrite) break;
        piece += line;
      }
      if (!os::wait_writable(fd_, kPatience) || !os::write_all(fd_, piece)) break;
      told += lines;
    }
  } catch (const std::exception&) {
    // No memory: what is not told comes again.
  }
  return told;
}

}  // namespace wsflow::presence
