#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/config/overlay.hpp"
#include "mod_wsflow/config/values.hpp"

namespace wsflow::config {

// The keys of directives that take "key=value" words: a directive has a table of them, one row a key.

enum class Taken : std::uint8_t { yes, twice, not_legal };

// `Draft`: what a line says as far as it is read; a key's value becomes one of its optionals.
template <class Draft>
struct Key {
  std::string_view name;
  std::string_view legal;
  Taken (*take)(Draft& draft, std::string_view value);
};

// A row. `Path`: the members that lead from the draft to the optional.
template <class Draft, const auto& kind, auto... Path>
constexpr Key<Draft> key(std::string_view name) noexcept {
  return {name, kind.legal, [](Draft& draft, std::string_view value) {
            auto& member = member_of<Path...>(draft);
            if (member) return Taken::twice;
            member = kind.parse(value);
            return member ? Taken::yes : Taken::not_legal;
          }};
}

// Takes a word that begins with `name`, under which the directive knows `key`. Returns what is wrong with the
// word; empty: nothing.
template <class Draft>
std::string take_word_of(Draft& draft, const Key<Draft>& key, std::string_view name, std::string_view word) {
  const auto value = word.substr(std::min(name.size() + 1, word.size()));
  const auto taken = key.take(draft, value);
  if (taken == Taken::yes) return {};
  std::string wrong(word);
  wrong.append(": ").append(name);
  return taken == Taken::twice ? wrong.append("= is given twice")
                               : wrong.append("= needs ").append(key.legal);
}

}  // namespace wsflow::config
