#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/programs/load/load_options.hpp"
#include "mod_wsflow/programs/load/tally.hpp"

namespace wsflow::load {

// A run that is over, for those who write about it. Borrows all it has.
struct LoadReport {
  const LoadOptions& options;
  const Recorder& recorder;
  std::string_view address;  // where it connected
  std::string_view began;    // RFC 3339
  double seconds = 0;        // wall clock
  double cpu_seconds = 0;    // of this program
  bool interrupted = false;
};

// Failures of all kinds: 0 means exit status 0.
std::uint64_t failures_of(const Tally& tally) noexcept;

// Sentences about what the numbers do not show: a client that was too slow for its own pace. May be empty.
std::string warning_of(const LoadReport& report);

// For people at a terminal, in lines.
std::string report_text(const LoadReport& report);
// docs/load-testing.md has the keys. One line.
std::string report_json(const LoadReport& report);
// A whole page, with its pictures.
std::string report_html(const LoadReport& report);

// "1.2 ms" for 1234 microseconds; "0.87 ms", "12 s".
std::string shown_us(std::uint64_t us);

}  // namespace wsflow::load
