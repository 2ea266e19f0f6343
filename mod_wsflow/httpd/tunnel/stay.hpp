#pragma once

#include <cstdint>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

struct Process;

// Why a connection cannot leave httpd, as words for a log line.
struct Stay {
  const char* why = nullptr;   // nullptr: it can
  const char* cure = nullptr;  // what to change
  std::uint32_t kind = 0;      // a bit for each reason, and one of those of foreign filters
  explicit operator bool() const noexcept { return why != nullptr; }
};

// Of this request's connection. Worker thread.
Stay reason_to_stay(Process& process, const request_rec* r) noexcept;
// Of that to its origin.
Stay origin_reason_to_stay(const request_rec* r, const conn_rec* origin) noexcept;

// Whether nobody has stayed for this reason before in this generation, in any process.
bool is_first(Process& process, const Stay& stay) noexcept;

}  // namespace wsflow::httpd
