#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"
#include "mod_wsflow/capacity/facts.hpp"

namespace wsflow::doctor {

// A limit as the server has it now.
struct LimitNow {
  std::string name;
  std::uint64_t concurrency = 0;  // 0: no bound
  std::uint64_t in_use = 0;       // with key=: of the fullest key
  std::uint64_t waiting = 0;
  std::uint64_t refused = 0;
  bool keyed = false;
};

struct ChildNow {
  std::uint64_t pid = 0;
  std::uint64_t tunnels = 0;
  std::uint64_t most = 0;
};

// What ?json of the status says.
struct StatusNow {
  std::uint64_t tunnels = 0;
  std::uint64_t on_workers = 0;
  std::uint64_t keepers = 0;
  std::vector<ChildNow> children;
  std::vector<LimitNow> limits;
  std::vector<std::pair<std::string, std::uint64_t>> refused_by;  // that are not 0
};
base::Parsed<StatusNow> read_status(std::string_view text);

}  // namespace wsflow::doctor
