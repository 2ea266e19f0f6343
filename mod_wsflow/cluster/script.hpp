#pragma once

#include <string>
#include <string_view>

namespace wsflow::cluster {

// The script that shares limits in Redis or Valkey, in Lua; docs/internals/cluster.md says what it does and
// why. KEYS: a hash of each limit. ARGV: this node, the sequence number of the request, the lease in
// milliseconds, then kArguments for each limit: concurrency, share, held, want, need; burst, units, want,
// need; rate; serial number. It answers "ok" and kAnswers for each limit: settled, nodes; concurrency,
// permits, others, lacking; burst, units, others, lacking; rate.
inline constexpr std::size_t kArguments = 11;
inline constexpr std::size_t kAnswers = 11;
const char* script() noexcept;

// The hash of a limit. All are in one slot of a Redis Cluster, as one script has them.
std::string key_of(std::string_view cluster);

}  // namespace wsflow::cluster
