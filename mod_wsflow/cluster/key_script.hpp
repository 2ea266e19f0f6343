#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wsflow::cluster {

// The script that shares the keys of limits in Redis or Valkey, in Lua; docs/internals/cluster.md says what
// it does and why. It renews the lease of this node in any case. KEYS: the hash of the leases, then one of
// each key. ARGV: this node, the sequence number of the request, the lease and the time for which the
// database keeps what it is told of, in milliseconds, then kKeyArguments for each key: size, permits, held,
// need, 1: it asks for more; burst, units, tokens that are given back, units that are needed, tokens; rate.
// It answers "ok", settled, nodes, the term, then kKeyAnswers for each key: permits, units, tokens, a KeyEnd;
// then the names of keys that other nodes need.
inline constexpr std::size_t kKeyHead = 4;
inline constexpr std::size_t kKeyArguments = 11;
inline constexpr std::size_t kKeyAnswers = 4;
const char* key_script() noexcept;

inline constexpr const char* kLeases = "{wsflow}:keys";

// The hash of a key of a limit that has this name in the cluster, and which one such a name is of.
std::string name_of_key(std::string_view cluster, const std::uint64_t (&key)[2]);
struct NamedKey {
  std::string_view cluster;  // of the text
  std::uint64_t key[2];
};
bool parse_name(std::string_view text, NamedKey& named) noexcept;

}  // namespace wsflow::cluster
