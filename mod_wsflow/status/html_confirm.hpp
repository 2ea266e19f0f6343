#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/status/form.hpp"

namespace wsflow::status {

// What the page asks before an action of it happens; raw texts.
struct Question {
  std::string title;
  std::vector<std::string> sentences;
  std::string button;
  bool closes = false;  // tunnels
};

// "All at once.", "50 a second: 3 m 20 s."
std::string pace_text(std::uint64_t tunnels, int pace);
// "1 tunnel", "1,200 tunnels"
std::string tunnels_text(std::uint64_t tunnels);

// The page that asks: a form with all fields of the one that came, which says that it was confirmed.
// `anchor`: the part of the page that "No" leads back to.
std::string to_confirmation(const Question& question, std::span<const Field> fields, const char* anchor);

}  // namespace wsflow::status
