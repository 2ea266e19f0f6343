#pragma once

#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct Process;

// The reason why a connection cannot leave httpd, in words for a log line.
struct Stay {
  const char* why = nullptr;   // nullptr: the connection can leave
  const char* cure = nullptr;  // what to change
  std::uint32_t kind = 0;      // a bit of its own for each reason; foreign filters share some
  explicit operator bool() const noexcept { return why != nullptr; }
};

// The reason of the connection of `r`. Worker thread.
Stay reason_to_stay(Process& process, const request_rec* r) noexcept;
// The reason of a connection of `r` with a filter of that name, which is not known; nullptr: there is none.
Stay origin_reason_to_stay(const request_rec* r, const char* name) noexcept;

// True if no tunnel of any process has stayed for this reason before in this generation.
bool is_first(Process& process, const Stay& stay) noexcept;

}  // namespace wsflow::httpd
