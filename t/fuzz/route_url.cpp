// check_origin_url and check_route_path on any text: each verdict is checked against what it promises.
#include "mod_wsflow/config/route_url.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "t/fuzz/require.hpp"

using namespace wsflow::config;
using wsflow::fuzz::require;

namespace {

bool accepted(std::string_view url) {
  return check_origin_url(url) == nullptr;
}

std::string upper_scheme(std::string_view url) {
  std::string result(url);
  const auto end = result.begin() + static_cast<std::ptrdiff_t>(std::min(result.find(':'), result.size()));
  std::transform(result.begin(), end, result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return result;
}

void check_accepted(std::string_view url) {
  if (url == "!") return;
  require(url.find(':') != std::string_view::npos);
  require(accepted(upper_scheme(url)));
  // The authority is judged; what follows it is not.
  const bool over_unix_socket = upper_scheme(url).starts_with("UNIX:");
  const auto slashes = url.find("//", over_unix_socket ? url.find('|') : 0);
  if (slashes == std::string_view::npos || url.size() == slashes + 2) return;
  const auto authority = url.substr(slashes + 2);
  const auto end = std::min(authority.find_first_of("/?#"), authority.size());
  require(end != 0);
  require(authority.substr(0, end).find('@') == std::string_view::npos);
  require(accepted(url.substr(0, slashes + 2 + end)));
  require(accepted(std::string(url.substr(0, slashes + 2 + end)) + "/x?y@z#:"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const char* problem = check_origin_url(text);
  if (problem != nullptr) {
    require(*problem != '\0');
  } else {
    check_accepted(text);
  }
  require((check_route_path(text) == nullptr) == text.starts_with("/"));
  return 0;
}
