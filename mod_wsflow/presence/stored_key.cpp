#include "mod_wsflow/presence/stored_key.hpp"

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/os/digest.hpp"

namespace wsflow::presence {

namespace {

constexpr std::string_view kHashed = "sha256:";

std::string hashed(std::string_view key) {
  std::string text(kHashed);
  for (const auto byte : os::sha256(key)) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

}  // namespace

std::string stored_key(std::string_view key) {
  // A key that looks like a hash must not pass for the key that has this hash.
  const bool plain =
      key.size() <= kLongestKey && !key.starts_with(kHashed) && base::printable_utf8(key) == key;
  return plain ? std::string(key) : hashed(key);
}

}  // namespace wsflow::presence
