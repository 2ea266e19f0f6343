// parse_limit on any text: each verdict is checked against what it promises.
#include "mod_wsflow/config/limit_directive.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/limits/share.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using config::LimitDirective;
using fuzz::require;

namespace {

void check_name(std::string_view name) {
  require(!name.empty() && name.size() < limits::kNameSize);
  require(name.find_first_of("=\"' \t\n/%") == std::string_view::npos);
}

void check_definition(const LimitDirective& line) {
  const auto& definition = line.definition;
  const auto& settings = definition.settings;
  require(settings.concurrency != 0 || settings.rate > 0);
  require(settings.concurrency <= limits::kMost && settings.rate <= limits::kMost);
  require(settings.burst >= 1 && settings.burst <= limits::kMost);
  require(settings.rate > 0 || (settings.burst == 1 && definition.ramp == 0));
  require(settings.queue <= limits::kMostWaiting);
  require(settings.queue == 0 || definition.acquire > 0);
  require(definition.acquire >= 0 && definition.ramp >= 0 && definition.keys >= 1);
  require((definition.least == 0) == (definition.most == 0) && definition.least <= definition.most);
  require(definition.most == 0 || settings.concurrency == definition.most);
  require(definition.keyed == !line.key.empty());
  require(definition.keyed || (line.ipv6_prefix == 128 && !line.show_key && !definition.fail_open));
  require(!limits::is_shared(definition) || definition.most == 0);
  require(definition.floor == 0 || limits::is_shared(definition));
  require(line.ipv6_prefix >= 1 && line.ipv6_prefix <= 128);
  require(line.status >= 400 && line.status <= 599);
  require(line.retry_after >= 0 && line.retry_after <= 86'400);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto parsed = config::parse_limit(text);
  if (!parsed) {
    require(!parsed.wrong().empty());
    return 0;
  }
  const auto& line = *parsed;
  check_name(line.definition.name);
  if (line.kind == LimitDirective::Kind::define) check_definition(line);
  // Spaces round it change nothing.
  const auto again = config::parse_limit(" " + text + "\t ");
  require(again && again->kind == line.kind && again->definition == line.definition &&
          again->key == line.key);
  return 0;
}
