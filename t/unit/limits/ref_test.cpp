#include "mod_wsflow/limits/ref.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <type_traits>

using namespace wsflow::limits;

static_assert(!std::is_convertible_v<PermitRef, EntryRef> && !std::is_convertible_v<int, EntryRef> &&
              !std::is_constructible_v<WaiterRef, EntryRef> && !std::is_convertible_v<EntryRef, bool>);

TEST_CASE("zeroed memory refers to no record", "[limits]") {
  CHECK_FALSE(EntryRef());
  CHECK(std::bit_cast<EntryRef>(std::uint32_t{0}) == EntryRef());
  const auto first = EntryRef::of(0);
  CHECK(first);
  CHECK(std::bit_cast<std::uint32_t>(first) == 1);
  CHECK(first != EntryRef());
}

TEST_CASE("a reference knows its number", "[limits]") {
  CHECK(PermitRef::of(0).number() == 0);
  CHECK(PermitRef::of(262'143).number() == 262'143);
  CHECK(PermitRef::of(3) == PermitRef::of(3));
  CHECK(PermitRef::of(3) < PermitRef::of(4));
}
