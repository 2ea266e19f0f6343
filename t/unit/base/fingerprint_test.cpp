#include "mod_wsflow/base/fingerprint.hpp"

#include <catch2/catch.hpp>

namespace {

enum class Fruit : std::uint8_t { apple, pear };
struct Row {
  std::atomic<std::uint64_t> bytes[2];
  std::array<char, 8> name;
  Fruit fruit;
};

// A change of Row or Fruit each.
struct Renamed {
  std::atomic<std::uint64_t> octets[2];
  std::array<char, 8> name;
  Fruit fruit;
};
struct Reordered {
  std::array<char, 8> name;
  std::atomic<std::uint64_t> bytes[2];
  Fruit fruit;
};
struct Longer {
  std::atomic<std::uint64_t> bytes[2];
  std::array<char, 8> name;
  Fruit fruit;
  std::uint8_t seeds;  // in what was padding: the size stays
};
struct Signed {
  std::atomic<std::int64_t> bytes[2];
  std::array<char, 8> name;
  Fruit fruit;
};
struct Shorter {
  std::atomic<std::uint64_t> bytes[1];
  std::array<char, 16> name;
  Fruit fruit;
};
enum class Swapped : std::uint8_t { pear, apple };
struct OtherOrder {
  std::atomic<std::uint64_t> bytes[2];
  std::array<char, 8> name;
  Swapped fruit;
};
enum class Inserted : std::uint8_t { apple, plum, pear };
struct OneMore {
  std::atomic<std::uint64_t> bytes[2];
  std::array<char, 8> name;
  Inserted fruit;
};
// Like Row, but for its name.
struct Equal {
  std::atomic<std::uint64_t> bytes[2];
  std::array<char, 8> name;
  Fruit fruit;
};
struct Outer {
  Row row;
};
struct OuterOfLonger {
  Longer row;
};

}  // namespace

WSFLOW_FIELDS(Row, bytes, name, fruit);
WSFLOW_FIELDS(Renamed, octets, name, fruit);
WSFLOW_FIELDS(Reordered, name, bytes, fruit);
WSFLOW_FIELDS(Longer, bytes, name, fruit, seeds);
WSFLOW_FIELDS(Signed, bytes, name, fruit);
WSFLOW_FIELDS(Shorter, bytes, name, fruit);
WSFLOW_FIELDS(OtherOrder, bytes, name, fruit);
WSFLOW_FIELDS(OneMore, bytes, name, fruit);
WSFLOW_FIELDS(Equal, bytes, name, fruit);
WSFLOW_FIELDS(Outer, row);
WSFLOW_FIELDS(OuterOfLonger, row);

using namespace wsflow::base;

namespace {

template <class Type>
constexpr std::uint64_t fingerprint() {
  Fingerprint hash;
  add_type<Type>(hash);
  return hash.value();
}

}  // namespace

static_assert(enumerator_name<Fruit::pear>() == "pear");
static_assert(enumerator_name<static_cast<Fruit>(2)>().empty());
static_assert(enumerators<Fruit>() == 2 && enumerators<Inserted>() == 3);
static_assert(sizeof(Longer) == sizeof(Row) && sizeof(Shorter) == sizeof(Row));

TEST_CASE("a fingerprint is made at compile time, and the same for equal structs", "[fingerprint]") {
  static_assert(fingerprint<Row>() == fingerprint<Equal>());
  CHECK(fingerprint<Row>() == fingerprint<Equal>());
}

TEST_CASE("each change of a struct changes its fingerprint", "[fingerprint]") {
  const auto row = fingerprint<Row>();
  CHECK(fingerprint<Renamed>() != row);
  CHECK(fingerprint<Reordered>() != row);
  CHECK(fingerprint<Longer>() != row);
  CHECK(fingerprint<Signed>() != row);
  CHECK(fingerprint<Shorter>() != row);
  CHECK(fingerprint<OtherOrder>() != row);
  CHECK(fingerprint<OneMore>() != row);
  CHECK(fingerprint<Outer>() != fingerprint<OuterOfLonger>());
}

TEST_CASE("texts do not run into each other", "[fingerprint]") {
  const auto of = [](std::string_view one, std::string_view other) {
    Fingerprint hash;
    hash.add(one);
    hash.add(other);
    return hash.value();
  };
  CHECK(of("ab", "c") != of("a", "bc"));
  CHECK(of("", "abc") != of("abc", ""));
  CHECK(of("abc", "") == of("abc", ""));
}
