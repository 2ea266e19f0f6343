#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace wsflow::base {

// A hash (FNV-1a, 64 bits), made at compile time, of what two builds must agree about before they share
// memory.
class Fingerprint {
 public:
  constexpr void add(std::uint64_t number) noexcept {
    for (unsigned shift = 0; shift < 64; shift += 8) add_byte(static_cast<std::uint8_t>(number >> shift));
  }
  // The size ends a text, so that "ab", "c" is another one than "a", "bc".
  constexpr void add(std::string_view text) noexcept {
    for (const char c : text) add_byte(static_cast<std::uint8_t>(c));
    add(std::uint64_t{text.size()});
  }
  constexpr std::uint64_t value() const noexcept { return hash_; }

 private:
  constexpr void add_byte(std::uint8_t byte) noexcept { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

// The name of an enumerator as the source has it; empty if no enumerator has this value.
template <auto Value>
consteval auto enumerator_name() {
  // "... [with auto Value = wsflow::base::Outcome::closed]" of g++, "... [Value = wsflow::...]" of clang;
  // "(wsflow::base::Outcome)99" where there is none.
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(text.rfind('=') + 2);
  text.remove_suffix(1);
  text = text.substr(text.rfind(':') + 1);
  return text.find(')') == std::string_view::npos ? text : std::string_view();
}
// How many enumerators an enumeration has whose values are 0, 1, 2 ...
template <class Enumeration, std::size_t From = 0>
consteval std::size_t enumerators() {
  if constexpr (enumerator_name<static_cast<Enumeration>(From)>().empty()) {
    return From;
  } else {
    return enumerators<Enumeration, From + 1>();
  }
}
// Adds the names of all enumerators.
template <class Enumeration, std::size_t From = 0>
constexpr void add_enumerators(Fingerprint& hash) noexcept {
  constexpr auto kName = enumerator_name<static_cast<Enumeration>(From)>();
  hash.add(kName);
  if constexpr (!kName.empty()) add_enumerators<Enumeration, From + 1>(hash);
}

// The fields of a struct in shared memory; WSFLOW_FIELDS specialises it. A struct without one does not
// compile in a fingerprint.
template <class Struct>
struct Fields;

template <class Type>
struct ElementOf {
  static constexpr std::size_t kCount = 0;  // no array
};
template <class Type, std::size_t Count>
struct ElementOf<Type[Count]> {
  using Element = Type;
  static constexpr std::size_t kCount = Count;
};
template <class Type, std::size_t Count>
struct ElementOf<std::array<Type, Count>> : ElementOf<Type[Count]> {};
template <class Type>
struct ElementOf<std::atomic<Type>> : ElementOf<Type[1]> {};

// Adds a type: its size, and what it is made of, down to numbers and enumerators.
template <class Type>
constexpr void add_type(Fingerprint& hash) noexcept {
  hash.add(std::uint64_t{sizeof(Type)});
  hash.add(std::uint64_t{alignof(Type)});
  if constexpr (ElementOf<Type>::kCount != 0) {
    hash.add(std::uint64_t{ElementOf<Type>::kCount});
    add_type<typename ElementOf<Type>::Element>(hash);
  } else if constexpr (std::is_enum_v<Type>) {
    add_enumerators<Type>(hash);
  } else if constexpr (std::is_arithmetic_v<Type>) {
    hash.add(std::uint64_t{std::is_floating_point_v<Type>});
    hash.add(std::uint64_t{std::is_signed_v<Type>});
  } else {
    Fields<Type>::add(hash);
  }
}
template <class Type>
constexpr void add_field(Fingerprint& hash, std::string_view name, std::size_t offset) noexcept {
  hash.add(name);
  hash.add(std::uint64_t{offset});
  add_type<Type>(hash);
}

}  // namespace wsflow::base

// The fields of a struct, all of them, for its fingerprint: WSFLOW_FIELDS(limits::WaitList, first, last);
// outside any namespace. The binding of names to the fields of an object does not compile where the list has
// fewer or more than the struct.
#define WSFLOW_FIELDS(Struct, ...)                                                                  \
  template <>                                                                                       \
  struct wsflow::base::Fields<Struct> {                                                             \
    static void whole(Struct& object_) noexcept { [[maybe_unused]] auto& [__VA_ARGS__] = object_; } \
    static constexpr void add(wsflow::base::Fingerprint& hash_) noexcept {                          \
      static_assert(std::is_standard_layout_v<Struct>);                                             \
      WSFLOW_ALL_FIELDS_(WSFLOW_FIELD_(Struct, __VA_ARGS__))                                        \
    }                                                                                               \
  }

// One field, and the macro again for the rest, as often as the preprocessor reads the result once more:
// enough for 64 fields.
#define WSFLOW_FIELD_(Struct, field, ...)                                                   \
  wsflow::base::add_field<decltype(Struct::field)>(hash_, #field, offsetof(Struct, field)); \
  __VA_OPT__(WSFLOW_FIELD_AGAIN_ WSFLOW_BRACKETS_(Struct, __VA_ARGS__))
#define WSFLOW_FIELD_AGAIN_() WSFLOW_FIELD_
#define WSFLOW_BRACKETS_ ()
#define WSFLOW_ALL_FIELDS_(...) \
  WSFLOW_READ_16_(WSFLOW_READ_16_(WSFLOW_READ_16_(WSFLOW_READ_16_(__VA_ARGS__))))
#define WSFLOW_READ_16_(...) WSFLOW_READ_4_(WSFLOW_READ_4_(WSFLOW_READ_4_(WSFLOW_READ_4_(__VA_ARGS__))))
#define WSFLOW_READ_4_(...) WSFLOW_READ_(WSFLOW_READ_(WSFLOW_READ_(WSFLOW_READ_(__VA_ARGS__))))
#define WSFLOW_READ_(...) __VA_ARGS__
