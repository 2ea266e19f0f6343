#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/shm/layout.hpp"

namespace wsflow::shm {

// What many tunnels have in common, as it comes from the configuration: kept once for all of them, and never
// removed. Any process, any thread; nobody waits. Where the origin is whatever requests ask for, only so many
// are kept (kLabelsOfRequests); the rest are one origin, kOtherOrigins.
struct LabelTexts {
  std::string_view server;
  std::string_view route;
  std::string_view origin;
  bool of_request = false;  // requests say which origin it is
};
struct LabelView {
  std::string server;
  std::string route;
  std::string origin;
};

inline constexpr std::string_view kOtherOrigins = "others";

// The index of the label with these texts, cut to fit; 0 if all are empty or the table is full.
std::uint32_t intern(Layout& layout, const LabelTexts& texts) noexcept;
// A handshake for tunnels of this label was refused. Never waits.
void count_refused(Layout& layout, std::uint32_t index, base::HandshakeRefusal reason) noexcept;
// How often a tunnel or a refusal was left without its label, as the table was full.
std::uint64_t labels_lost(const Layout& layout) noexcept;
// What intern() has given this index for; empty texts for 0.
LabelView label(const Layout& layout, std::uint32_t index);
// Those of all indexes that intern() has given so far, by index; empty texts in between.
std::vector<LabelView> all_labels(const Layout& layout);

}  // namespace wsflow::shm
