// The three directives of presence, and the keys of clients: each verdict is checked against what it
// promises.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/base/utf8.hpp"
#include "mod_wsflow/config/presence_directive.hpp"
#include "mod_wsflow/presence/stored_key.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using fuzz::require;

namespace {

constexpr std::int64_t kHour = 3'600'000'000;

void check_presence(std::string_view text) {
  const auto parsed = config::parse_presence(text);
  require(parsed || !parsed.wrong().empty());
  if (!parsed || parsed->off) return;
  require(!parsed->key.empty() && !parsed->name.empty() && parsed->name.size() <= 40);
  require(parsed->grace >= 0 && parsed->grace <= kHour);
}

void check_store(std::string_view text) {
  const auto parsed = config::parse_presence_store(text);
  require(parsed || !parsed.wrong().empty());
  if (!parsed) return;
  require(!parsed->driver.empty() && !parsed->parameters.empty());
  require(parsed->lease >= 3'000'000 && parsed->lease <= kHour);
  require(parsed->queue >= 1000 && parsed->queue <= 10'000'000);
}

void check_events(std::string_view text) {
  const auto parsed = config::parse_presence_events(text);
  require(parsed || !parsed.wrong().empty());
  if (!parsed) return;
  require(parsed->target.empty() != parsed->stream.empty());
  require(parsed->stream.empty() == (parsed->maxlen == 0));
}

// A key goes into JSON and into a database.
void check_key(const std::string& text) {
  const auto key = presence::stored_key(text);
  require(!key.empty() || text.empty());
  require(key.size() <= presence::kLongestKey && base::printable_utf8(key) == key);
  require(key == text || (key.size() == 71 && key.starts_with("sha256:")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_presence(text);
  check_store(text);
  check_events(text);
  check_key(text);
  return 0;
}
