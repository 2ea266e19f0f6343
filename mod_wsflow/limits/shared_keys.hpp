#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// The keys of limits with key= and cluster=: what this node may use of each, and what of them the database
// must learn (KeyList). For entries of all other limits these functions do nothing.

inline KeyShare& key_share(LockedTable table, EntryRef ref) noexcept {
  return table->key_shares[ref.number()];
}

// There is hardly room for another key of the limit: idle ones give way.
inline bool is_crowded(const LimitRecord& limit) noexcept {
  return std::uint64_t{limit.keys} * 8 >= std::uint64_t{limit.defined.keys} * 7;
}

// Boot time up to which the share of a key may be used.
Micros valid_until(const KeyLease& lease, const KeyShare& key) noexcept;
// What may be used now of the limit of an entry: of its key, where it has keys. Pre: nodes share the limit.
Usable usable_of(LockedTable table, EntryRef ref, Micros boot) noexcept;

// The size of a key's pool over all nodes: the smallest that one of them has.
std::uint32_t permits_of_all(const LimitRecord& limit) noexcept;
std::uint32_t units_of_all(const LimitRecord& limit) noexcept;

// True if the database may have more of the key for this node: it has a lease, and not all of it already.
bool may_ask(LockedTable table, EntryRef ref, Micros boot) noexcept;
// The key is needed: the process that speaks with the database asks for more of it.
void ask_more(LockedTable table, Lock& lock, EntryRef ref, Micros boot) noexcept;
// Somebody waits for the key, for longer than one answer: it is asked for as soon as it may be.
void ask_for_waiter(LockedTable table, Lock& lock, EntryRef ref) noexcept;

// Behind something that was counted in an entry, and behind something that was taken from it.
void key_held(LockedTable table, EntryRef ref) noexcept;
void key_rests(LockedTable table, Lock& lock, EntryRef ref) noexcept;

// Puts a key at the end of a list; it is in that alone from then on. `none`: forgets all of it.
void move_key(LockedTable table, EntryRef ref, KeyList list, Micros boot) noexcept;
// Before a limit gets another definition, by which its keys are others: what the database knows of them is
// left to it. Behind that: those that are in use are told of.
void forget_keys(LockedTable table, LimitNumber limit) noexcept;
void track_keys(LockedTable table, LimitNumber limit) noexcept;
// True: the entry may not be forgotten, as the database notes permits of its key for this node.
bool is_noted(LockedTable table, EntryRef ref) noexcept;
// Part of repair(): finds the keys again, behind the permits. All are told anew.
void find_shared_keys(LockedTable table) noexcept;

}  // namespace wsflow::limits
