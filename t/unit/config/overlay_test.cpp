#include "mod_wsflow/config/overlay.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <optional>

using namespace wsflow::config;

namespace {

template <template <class> class Field>
struct PartOf {
  Field<int> number{};
  Field<bool> flag{};
  using List = Members<&PartOf::number, &PartOf::flag>;
};
template <template <class> class Field>
struct WholeOf {
  Field<int> number{};
  std::array<PartOf<Field>, 2> parts{};
  using List = Members<&WholeOf::number, &WholeOf::parts>;
};
using Partial = WholeOf<std::optional>;
using Complete = WholeOf<Value>;

struct Section {
  Partial settings{};
  const int* place = nullptr;
  int* other = nullptr;
  using List = Members<&Section::settings, &Section::place>;
};

struct Forgotten {
  std::optional<int> number{};
  std::optional<bool> flag{};
  using List = Members<&Forgotten::number>;
};
struct Twice {
  std::optional<int> number{};
  std::optional<int> other{};
  using List = Members<&Twice::number, &Twice::number>;
};
struct Bare {
  std::optional<int> number{};
  int bare = -1;
  using List = Members<&Bare::number, &Bare::bare>;
};

// What the structs of the configuration assert.
static_assert(lists_all<Partial>() && lists_all<PartOf<std::optional>>());
static_assert(lists_all<Section, 1>() && !lists_all<Section>());
static_assert(!lists_all<Forgotten>(), "one member is not in the list");
static_assert(!lists_all<Twice>(), "one member is in the list twice, another is not");
static_assert(!lists_all<Bare>(), "one member cannot say that it is not given");

}  // namespace

TEST_CASE("an inner place gives what it has, the outer one the rest", "[overlay]") {
  const int one = 1;
  const int two = 2;
  Section inner{.settings = {.parts = {PartOf<std::optional>{.flag = false}, {}}}, .place = &one};
  const Section outer{
      .settings = {.number = 5, .parts = {PartOf<std::optional>{.number = 6, .flag = true}, {}}},
      .place = &two};
  const auto both = overlay(inner, outer);
  CHECK(both.settings.number == 5);
  CHECK(both.settings.parts[0].number == 6);
  CHECK(both.settings.parts[0].flag == false);
  CHECK_FALSE(both.settings.parts[1].number);
  CHECK(both.place == &one);
  inner.place = nullptr;
  CHECK(overlay(inner, outer).place == &two);
}

TEST_CASE("defaults complete what is given", "[overlay]") {
  const Partial given{.parts = {PartOf<std::optional>{}, {.number = 0}}};
  const Complete defaults{.number = 3, .parts = {PartOf<Value>{.number = 4, .flag = true}, {.number = 5}}};
  const auto all = complete(given, defaults);
  CHECK(all.number == 3);
  CHECK(all.parts[0].number == 4);
  CHECK(all.parts[0].flag);
  CHECK(all.parts[1].number == 0);
}
