// parse_page_origin, parse_origin_pattern and matches on any text: "<pattern>\n<origin>".
#include "mod_wsflow/config/page_origin.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "t/fuzz/require.hpp"

using namespace wsflow::config;
using wsflow::fuzz::require;

namespace {

std::string text_of(const PageOrigin& origin) {
  auto text = std::string(origin.scheme) + "://" + std::string(origin.host);
  return origin.port != 0 ? text + ":" + std::to_string(origin.port) : text;
}

// What was parsed is all there is: put together again it is the same origin, which allows itself and nothing
// that hangs on it.
void check_origin(const PageOrigin& origin) {
  const auto text = text_of(origin);
  const auto again = parse_page_origin(text);
  require(again && same_origin(origin, *again));
  require(text.find_first_of("/ ,@\\?#", origin.scheme.size() + 3) == std::string::npos);
  require(allows({.patterns = {}, .same = true}, text, text));
  require(!allows({.patterns = {}, .same = true}, text + "/", text));
  const auto itself = parse_origin_pattern(text);
  require(itself && matches(*itself, origin));
}

void check_pattern(const OriginPattern& pattern, const PageOrigin& origin) {
  const bool matched = matches(pattern, origin);
  if (pattern.subdomains) {
    auto below = origin;
    const auto name = "x." + std::string(pattern.host);
    below.host = name;
    if (matched && !pattern.host.empty()) require(matches(pattern, below));
    below.host = pattern.host;
    require(pattern.host.empty() || !matches(pattern, below));
  }
  const std::array patterns = {pattern};
  require(allows({.patterns = patterns}, text_of(origin), "") == matched);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto end = text.find('\n');
  const auto pattern = parse_origin_pattern(std::string_view(text).substr(0, end));
  const auto origin =
      parse_page_origin(end == std::string::npos ? text : std::string_view(text).substr(end + 1));
  if (origin) check_origin(*origin);
  if (origin && pattern) check_pattern(*pattern, *origin);
  return 0;
}
