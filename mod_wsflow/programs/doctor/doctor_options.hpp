#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::doctor {

// What the command line says.
struct DoctorOptions {
  std::optional<std::uint64_t> tunnels;      // --tunnels; nothing: what the configuration offers
  std::optional<std::string> apachectl;      // --apachectl; words
  std::optional<std::string> dump;           // --dump: a file, "-" for stdin
  std::optional<std::string> status;         // --status: an http:// URL or a file
  std::optional<std::uint64_t> client_ms;    // --client-timeout
  std::optional<std::uint64_t> origin_ms;    // --origin-timeout
  std::optional<std::uint64_t> database_ms;  // --database-timeout
  bool json = false;                         // --json
  bool offline = false;                      // --offline: the configuration alone
  bool help = false;
  bool version = false;
};
base::Parsed<DoctorOptions> read_options(std::span<const char* const> words);

extern const char kDoctorUsage[];

}  // namespace wsflow::doctor
