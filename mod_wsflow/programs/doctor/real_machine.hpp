#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/capacity/system_facts.hpp"

namespace wsflow::doctor {

// The machine on which the program runs.
class RealMachine final : public capacity::Files {
 public:
  // At most 16 MiB of a file; "-" is standard input.
  std::optional<std::string> read(const std::string& path) const override;
};

// What a command has written, once it has ended.
struct CommandOutput {
  int status = 0;
  std::string out;
  std::string err;
};
// Runs words[0], looked for in the path, for `patience_ms` at most.
base::Parsed<CommandOutput> run_command(const std::vector<std::string>& words, int patience_ms);

// The first of the names that is a program, in the path or where servers' programs are; empty: none.
std::string find_program(const std::vector<std::string>& names);

// The body of the answer to a GET of an http:// URL; a sentence if it is not 200.
base::Parsed<std::string> http_get(std::string_view url, int patience_ms);

bool is_root() noexcept;

}  // namespace wsflow::doctor
