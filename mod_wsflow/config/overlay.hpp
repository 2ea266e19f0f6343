#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace wsflow::config {

// Settings of which each place of the configuration gives some.

// The members of a struct of settings, which has this list as its `List`. A member is an optional, a pointer
// to what lives in pconf (either converts to true where it is given), another such struct, or an array of
// such.
template <auto... Member>
struct Members {};

// The member to which a path of pointers to members leads.
template <auto... Path, class T>
constexpr auto& member_of(T& object) noexcept {
  return (object.*....*Path);
}

template <class T>
concept HasList = requires {
  typename T::List;
};

// Gives `field` what it lacks and `outer` has, member by member.
template <class T>
constexpr void fill(T& field, const T& outer) noexcept {
  if constexpr (HasList<T>) {
    [&]<auto... Member>(Members<Member...>) {
      (fill(field.*Member, outer.*Member), ...);
    }
    (typename T::List{});
  } else if constexpr (requires { field.size(); }) {
    for (std::size_t i = 0; i < field.size(); ++i) fill(field[i], outer[i]);
  } else {
    if (!field) field = outer;
  }
}

// Each setting of `inner` where it is given there, else that of `outer`.
template <HasList T>
constexpr T overlay(const T& inner, const T& outer) noexcept {
  T result = inner;
  fill(result, outer);
  return result;
}

// Settings of a template that has each of them as an optional, or each of them as a value.
template <class T>
using Value = T;

// Gives `value` what `given` has.
template <class Complete, class Partial>
constexpr void set_given(Complete& value, const Partial& given) noexcept {
  if constexpr (HasList<Partial>) {
    [&]<auto... To, auto... From>(Members<To...>, Members<From...>) {
      (set_given(value.*To, given.*From), ...);
    }
    (typename Complete::List{}, typename Partial::List{});
  } else if constexpr (requires { given.size(); }) {
    for (std::size_t i = 0; i < given.size(); ++i) set_given(value[i], given[i]);
  } else {
    if (given) value = *given;
  }
}

// All settings: those of `given`, and `defaults` for the others.
template <HasList Complete, HasList Partial>
constexpr Complete complete(const Partial& given, const Complete& defaults) noexcept {
  Complete result = defaults;
  set_given(result, given);
  return result;
}

// Becomes any member but a bare number, which cannot say that it is not given.
struct AnyMember {
  template <class T>
  requires(!std::is_arithmetic_v<T>) operator T() const noexcept;
};

template <class T, std::size_t... I>
constexpr bool has_members(std::index_sequence<I...>) noexcept {
  return requires {
    T{(static_cast<void>(I), AnyMember{})...};
  };
}

template <auto... Member>
constexpr bool are_different(Members<Member...>) noexcept {
  const auto times = []<auto One>(Members<One>) {
    return (std::same_as<Members<One>, Members<Member>> + ...);
  };
  return ((times(Members<Member>{}) == 1) && ...);
}

// Whether the list of T has each of its members, `others` excepted.
template <HasList T, std::size_t others = 0>
constexpr bool lists_all() noexcept {
  return []<auto... Member>(Members<Member...> list) {
    constexpr auto kCount = sizeof...(Member) + others;
    return are_different(list) && has_members<T>(std::make_index_sequence<kCount>{}) &&
           !has_members<T>(std::make_index_sequence<kCount + 1>{});
  }
  (typename T::List{});
}

}  // namespace wsflow::config
