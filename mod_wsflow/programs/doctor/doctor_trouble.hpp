#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/capacity/capacity_table.hpp"

namespace wsflow::doctor {

enum class Severity : std::uint8_t {
  note,     // to know; the exit status does not change
  warning,  // exit status 1
  error,    // the tunnels cannot be carried: exit status 2
};
constexpr std::string_view name(Severity severity) noexcept {
  if (severity == Severity::error) return "error";
  return severity == Severity::warning ? "warning" : "note";
}

// One thing that is not as it should be.
struct Trouble {
  std::string id;  // a row of the table of capacity, or of those in docs/doctor.md
  Severity severity = Severity::note;
  std::string title;
  std::optional<std::uint64_t> tunnels;  // that it lets be
  std::string because;
  std::vector<capacity::Advice> advice;
};

}  // namespace wsflow::doctor
