#include "mod_wsflow/config/pass_keys.hpp"

#include <algorithm>
#include <iterator>

#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::config {

namespace {

using ws::equals_ignoring_case;

constexpr std::string_view kProxyKeys[] = {"acquire",
                                           "addressttl",
                                           "connectiontimeout",
                                           "disablereuse",
                                           "enablereuse",
                                           "failonstatus",
                                           "failontimeout",
                                           "flusher",
                                           "flushpackets",
                                           "flushwait",
                                           "forcerecovery",
                                           "growth",
                                           "hcexpr",
                                           "hcfails",
                                           "hcinterval",
                                           "hcmethod",
                                           "hcpasses",
                                           "hctemplate",
                                           "hcuri",
                                           "iobuffersize",
                                           "keepalive",
                                           "lbmethod",
                                           "lbset",
                                           "loadfactor",
                                           "mapping",
                                           "max",
                                           "maxattempts",
                                           "min",
                                           "multipathtcp",
                                           "nofailover",
                                           "nonce",
                                           "ping",
                                           "receivebuffersize",
                                           "redirect",
                                           "responsefieldsize",
                                           "retry",
                                           "route",
                                           "scolonpathdelim",
                                           "secret",
                                           "smax",
                                           "status",
                                           "stickysession",
                                           "stickysessionsep",
                                           "timeout",
                                           "ttl",
                                           "upgrade"};

// One letter more, less or other, or two that have changed places.
bool is_near(std::string_view word, std::string_view name) noexcept {
  if (word.size() > name.size()) std::swap(word, name);
  if (name.size() < 4 || name.size() - word.size() > 1) return false;
  const auto same = [](char a, char b) { return ws::to_lower(a) == ws::to_lower(b); };
  const auto from = static_cast<std::size_t>(std::ranges::mismatch(word, name, same).in1 - word.begin());
  const auto a = word.substr(from);
  const auto b = name.substr(from);
  if (a.size() != b.size()) return equals_ignoring_case(a, b.substr(1));
  if (a.empty() || equals_ignoring_case(a.substr(1), b.substr(1))) return true;
  return a.size() > 1 && same(a[0], b[1]) && same(a[1], b[0]) &&
         equals_ignoring_case(a.substr(2), b.substr(2));
}

std::string_view name_of(std::string_view word) noexcept {
  return word.substr(0, word.find('='));
}

// The module's key that looks like it; empty: none.
std::string nearest(std::string_view name) {
  auto names = pass_setting_names();
  for (std::string_view left(names); !left.empty();) {
    const auto each = left.substr(0, left.find('='));
    if (is_near(name, each)) return std::string(each) + '=';
    left.remove_prefix(std::min(left.find(' '), left.size() - 1) + 1);
  }
  return {};
}

std::string legal() {
  std::string text = "legal are " + pass_setting_names() + " and what ProxyPass takes:";
  for (const auto name : kProxyKeys) {
    text += ' ';
    text += name;
    text += '=';
  }
  return text;
}

}  // namespace

bool is_proxy_key(std::string_view name) noexcept {
  return std::ranges::any_of(kProxyKeys, [name](auto key) { return equals_ignoring_case(key, name); });
}

std::string misspelled(std::string_view word) {
  const auto name = name_of(word);
  if (name.size() == word.size() || is_proxy_key(name)) return {};
  const auto meant = nearest(name);
  const bool theirs = std::ranges::any_of(kProxyKeys, [name](auto key) { return is_near(name, key); });
  if (meant.empty() || theirs) return {};
  return std::string(word) + ": unknown; did you mean " + meant + "? " + legal();
}

std::string unknown_key(std::string_view word) {
  return std::string(word) + ": unknown; " + legal();
}

}  // namespace wsflow::config
