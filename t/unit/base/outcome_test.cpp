#include "mod_wsflow/base/outcome.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace wsflow::base;

namespace {

bool is_label(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

template <class Enum>
std::set<std::string> names(std::size_t count) {
  std::set<std::string> result;
  for (std::size_t i = 0; i < count; ++i) result.insert(name(static_cast<Enum>(i)));
  return result;
}

}  // namespace

TEST_CASE("every outcome has a name of its own", "[outcome]") {
  const auto all = names<Outcome>(kOutcomes);
  CHECK(all.size() == kOutcomes);
  CHECK(all.count("unknown") == 0);
  CHECK(std::all_of(all.begin(), all.end(), is_label));
  CHECK(static_cast<std::size_t>(Outcome::process_lost) + 1 == kOutcomes);
  CHECK(std::string(name(static_cast<Outcome>(kOutcomes))) == "unknown");
}

TEST_CASE("every refusal has a name of its own", "[outcome]") {
  const auto all = names<HandshakeRefusal>(kHandshakeRefusals);
  CHECK(all.size() == kHandshakeRefusals);
  CHECK(all.count("unknown") == 0);
  CHECK(std::all_of(all.begin(), all.end(), is_label));
  CHECK(static_cast<std::size_t>(HandshakeRefusal::internal) + 1 == kHandshakeRefusals);
  CHECK(std::string(name(static_cast<HandshakeRefusal>(kHandshakeRefusals))) == "unknown");
}
