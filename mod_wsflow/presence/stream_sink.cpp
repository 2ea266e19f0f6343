#include "mod_wsflow/presence/stream_sink.hpp"

#include <array>
#include <exception>
#include <utility>
#include <vector>

#include "mod_wsflow/base/rfc3339.hpp"

namespace wsflow::presence {

namespace {

constexpr std::array<const char*, 8> kFields{"id",    "event", "time",    "list",
                                             "route", "key",   "session", "node"};

// All in one round trip. ARGV: maxlen, the number of fields, their names, then the values of each entry.
constexpr const char* kScript = R"lua(
local most, count = ARGV[1], tonumber(ARGV[2])
for first = 3 + count, #ARGV, count do
  local entry = {}
  for i = 0, count - 1 do
    entry[#entry + 1] = ARGV[3 + i]
    entry[#entry + 1] = ARGV[first + i]
  end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', most, '*', unpack(entry))
end
return redis.status_reply('OK')
)lua";

}  // namespace

bool StreamSink::add(std::span<const Change> changes) {
  std::vector<std::string> words{stream_, std::to_string(maxlen_), std::to_string(kFields.size())};
  words.insert(words.end(), kFields.begin(), kFields.end());
  for (const auto& change : changes) {
    for (auto& value : {std::to_string(change.number), std::string(change.joined ? "join" : "leave"),
                        base::rfc3339(change.at), change.name, change.route, change.key,
                        base::rfc3339(change.session), node_})
      words.push_back(value);
  }
  std::vector<std::string> answer;
  return connection_.script(kScript, 1, words, answer) == 0;
}

std::size_t StreamSink::tell(std::span<const Change> changes) noexcept {
  try {
    return add(changes) ? changes.size() : 0;
  } catch (const std::exception&) {
    return 0;  // no memory: they come again
  }
}

}  // namespace wsflow::presence
