// parse_settings on any text: each verdict is checked against what it promises. The first byte chooses the
// directive.
#include "mod_wsflow/config/tunnel_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "mod_wsflow/config/lifetime.hpp"
#include "mod_wsflow/tunnel/options_table.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow::config;
using wsflow::fuzz::require;

namespace {

bool within(std::int64_t value, std::int64_t least, std::int64_t most) {
  return value >= least && value <= most;
}

void check_messages(const MessageSettings& messages) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40U;
  require(within(messages.frame, 0, kMost) && within(messages.message, 0, kMost));
  require(within(messages.rate, 0, 1'000'000) && within(messages.bytes, 0, kMost));
  require(messages.message == 0 || messages.frame <= messages.message);
}

// Whatever is accepted fits into what a tunnel keeps.
void check_terms(const PartialTunnelSettings& given) {
  const auto settings = complete(given, kDefaultSettings);
  const auto options = make_options(settings, nullptr);
  for (const auto time : {settings.idle, settings.stall, settings.close, settings.lifetime,
                          settings.ping_client, settings.ping_origin, settings.ping_timeout}) {
    require(time == 0 || (time >= 10'000 && time / 1000 <= UINT32_MAX));
  }
  require(options.idle == settings.idle / 1000 && options.close >= 10 && options.ping_timeout >= 10);
  require(options.high_watermark >= 4096 && options.high_watermark <= 64U << 20U);
  require(settings.jitter >= 0 && settings.jitter <= 50);
  for (const auto& messages : settings.messages) check_messages(messages);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto directive = static_cast<SettingsDirective>(data[0] % 4);
  const std::string text(data + 1, data + size);
  const auto line = parse_settings(directive, text);
  if (line) {
    check_terms(line->settings);
    // Spaces round it change nothing.
    const auto again = parse_settings(directive, " " + text + "\t ");
    require(again && again->settings == line->settings && again->until == line->until);
  }
  const auto until = parse_until(text);
  require(until.seconds >= 0 && (until.kind == Until::Kind::seconds || until.seconds == 0));
  return 0;
}
