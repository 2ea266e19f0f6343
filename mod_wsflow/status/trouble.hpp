#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mod_wsflow/status/model.hpp"

namespace wsflow::status {

// How near something is to its bound.
enum class Fill : std::uint8_t { room, nearly, full };
constexpr Fill fill_of(std::uint64_t used, std::uint64_t most) noexcept {
  if (most == 0 || used < most - most / 10) return Fill::room;
  return used < most ? (most < 10 ? Fill::room : Fill::nearly) : Fill::full;
}

// The permits of a limit that count for how full it is: those of its fullest key, where it has keys. `most`
// 0: it bounds no number.
struct Used {
  std::uint64_t now = 0;
  std::uint64_t most = 0;
};
Used used_of(const limits::LimitView& limit) noexcept;

// The share of its tunnels, or of its descriptors, that is greater.
Fill fill_of(const shm::ProcessView& process) noexcept;

// Something that needs a look.
struct Trouble {
  bool bad;          // something does not work, or soon will not; else: worth a look
  std::string what;  // in a few words; raw text, as the next
  std::string more;  // the numbers of it
  const char* part;  // the place on the page that shows it
};
// All that is wrong now, by what this model knows; what is bad stands first. Empty: nothing is wrong.
std::vector<Trouble> troubles(const Model& model);

}  // namespace wsflow::status
