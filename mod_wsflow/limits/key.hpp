#pragma once

#include <cstdint>
#include <string_view>

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

inline constexpr std::size_t kShownKey = 40;

// A key's value: known by a keyed hash, so that values that clients choose can be of any size and kind, and
// never collide on purpose.
struct Key {
  std::uint64_t hash[2] = {0, 0};  // 0, 0: the empty key
  std::uint8_t shown_size = 0;
  char shown[kShownKey] = {};  // its beginning, if operators may see it: raw, whoever shows it escapes it
};

// `secret` is the table's; `show`: keep the beginning of the text.
Key make_key(const std::uint64_t (&secret)[4], std::string_view text, bool show) noexcept;

// The key of a limit that nodes share under the name `cluster`: all of them know it by the same hash, and so
// by one that has no secret. A client may compute it, but cannot find another text with the same one.
Key make_shared_key(std::string_view cluster, std::string_view text, bool show) noexcept;

// The key of a request for a limit.
Key make_key(const LimitDefinition& definition, const std::uint64_t (&secret)[4], std::string_view text,
             bool show) noexcept;

// An IPv6 address as the text of its network of `bits` ("2001:db8::/64"; of 128, without the length);
// everything else as it is, but an IPv4 address that is mapped without its "::ffff:". The result is in
// `space` or `text`.
std::string_view network_of(std::string_view text, unsigned bits, char (&space)[64]) noexcept;

}  // namespace wsflow::limits
