#pragma once

#include "mod_wsflow/base/fingerprint.hpp"
#include "mod_wsflow/shm/layout.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

// The fields of each struct in the shared segment, for its fingerprint. A struct stands behind those that it
// is made of.

template <>
struct wsflow::base::Fields<pthread_mutex_t> {
  static constexpr void add(Fingerprint&) noexcept {}  // the C library's; its size says enough
};

template <class Record>
struct wsflow::base::Fields<wsflow::limits::Ref<Record>> {
  static constexpr void add(Fingerprint& hash) noexcept { hash.add(std::string_view("number + 1")); }
};

WSFLOW_FIELDS(wsflow::limits::WaitList, first, last);
WSFLOW_FIELDS(wsflow::limits::LimitSettings, concurrency, queue, rate, burst);
WSFLOW_FIELDS(wsflow::limits::LimitDefinition, name, settings, acquire, ramp, penalty, keys, least, most,
              cluster, floor, applies, keyed, fail_open, dry_run);
WSFLOW_FIELDS(wsflow::limits::Histogram, counts, longest);
WSFLOW_FIELDS(wsflow::limits::SpanStats, start, arrivals, admitted, refused, released, held_us, held,
              inside_us, most);
WSFLOW_FIELDS(wsflow::limits::RollingStats, began, ring);
WSFLOW_FIELDS(wsflow::limits::Stays::Cohort, first, last, held, refused);
WSFLOW_FIELDS(wsflow::limits::Stays::Left, began, count, sum_us, counts, sums_us);
WSFLOW_FIELDS(wsflow::limits::Stays, older, newer, count, cohorts);
WSFLOW_FIELDS(wsflow::limits::Load, at, recent_held, recent_waiting, recent_ended, held_us, ended, stays);
WSFLOW_FIELDS(wsflow::limits::Gradient, decided, why, before, after, min_rtt, sample_rtt, gradient, samples,
              sum_rtt, guessed, probe_from, probe_rtt);
WSFLOW_FIELDS(wsflow::limits::KeyShare, since, told, term, permits, units, need, list, marks, before, after);
WSFLOW_FIELDS(wsflow::limits::KeyLease::List, first, last);
WSFLOW_FIELDS(wsflow::limits::KeyLease, until, until_before, database_term, term, term_before, settling,
              nodes, away, asked, patience, keep, answer_us, tracked, lists);
WSFLOW_FIELDS(wsflow::limits::Share, until, settling, permits, units, unit_rate, nodes, limit, others,
              permits_lacking, burst, unit_others, units_lacking, rate, differs, keys_shared, keys_asked,
              keys_denied, counted, counted_arrivals, counted_refusals, recent_arrivals, recent_refusals);
WSFLOW_FIELDS(wsflow::limits::ClusterState, node, sequence, worker, away, worker_until, asked, answered,
              answers, failures, keys, error);
WSFLOW_FIELDS(wsflow::limits::LimitRecord, used, serial, defined, now, share, ramp_started, failures, in_use,
              waiting, keys, idlest, newest_idle, peak, arrivals, admitted, waited, refused, dry_refused,
              keys_ignored, released, held_us, waits, rolling, load, gradient, busiest, log_after,
              log_skipped);
WSFLOW_FIELDS(wsflow::limits::Entry, limit, text_size, text, key, arrival, in_use, waiting, wanted, list,
              next, idler, fresher, peak, barred_until, admitted, refused);
WSFLOW_FIELDS(wsflow::limits::PermitRecord, state, owner, since, end, waiter, next, entries);
WSFLOW_FIELDS(wsflow::limits::Waiter, permit, next, ticket, short_of, holds_thread, asks, at, before, after);
WSFLOW_FIELDS(wsflow::limits::Table, lock, secret, defined_by, last_serial, thread_share, next_ticket,
              cluster, threads_waiting, free_entry, free_permit, free_waiter, entries_seen, permits_seen,
              waiters_seen, returned_top, returned_middle, returned_bits, limits, buckets, waiters, entries,
              key_shares, permits);

WSFLOW_FIELDS(wsflow::shm::ClosedRoute, server, route);
WSFLOW_FIELDS(wsflow::shm::Job, user, client, server, route, origin, limit, id, key, pace, code, drains);
WSFLOW_FIELDS(wsflow::shm::Record<wsflow::shm::ClosedRoute>, state, words);
WSFLOW_FIELDS(wsflow::shm::Record<wsflow::shm::Job>, state, words);
WSFLOW_FIELDS(wsflow::shm::Jobs::Slot, job, ended_ms);
WSFLOW_FIELDS(wsflow::shm::Jobs, routes_seen, slots_seen, routes, slots);
WSFLOW_FIELDS(wsflow::shm::SampleRing::Slot, at_us, values);
WSFLOW_FIELDS(wsflow::shm::SampleRing, written, slots);
WSFLOW_FIELDS(wsflow::shm::RefusalBoard::Slot, client, word);
WSFLOW_FIELDS(wsflow::shm::RefusalBoard::Minute, minute, refused, slots);
WSFLOW_FIELDS(wsflow::shm::RefusalBoard, minutes);
WSFLOW_FIELDS(wsflow::shm::PresenceCounts, process, keys, sockets, waiting, oldest, failing);
WSFLOW_FIELDS(wsflow::shm::ProcessSlot, owner, started, began, max_tunnels, generation, kind, commands, taken,
              expected, takes_over, claimed, claimed_most, active, active_worker, buffered, descriptors,
              descriptors_most, presence, counters, held, in_work);
WSFLOW_FIELDS(wsflow::shm::PageHead, owner, used);
WSFLOW_FIELDS(wsflow::shm::TunnelRow, sequence, permit, command, id, started, began, client, label, resource,
              traits, rtt, active, bytes, messages);
WSFLOW_FIELDS(wsflow::shm::RowUser, words);
WSFLOW_FIELDS(wsflow::shm::Label, text);
WSFLOW_FIELDS(wsflow::shm::LabelCounts, opened, handshake_us, bytes, messages, refused, closes);
WSFLOW_FIELDS(wsflow::shm::LabelTable, taken, places, labels, counts, of_requests, lost);
WSFLOW_FIELDS(wsflow::shm::Layout, magic, fingerprint, header_size, slot_size, row_size, label_size,
              limits_size, slot_capacity, page_capacity, generation, started, slots_seen, pages_seen,
              next_reap_ms, next_share_ms, next_tell_ms, labels_told, reasons_told, lock, commit, totals,
              sample_ring, jobs, refusals, resources, named, in_use_since, elsewhere);

namespace wsflow::shm {

// Adds the layout of the segment: its structs in their order, and what else their words mean.
constexpr void add_layout(base::Fingerprint& hash) noexcept {
  base::add_type<Layout>(hash);
  base::add_type<ProcessSlot>(hash);
  base::add_type<PageHead>(hash);
  base::add_type<TunnelRow>(hash);
  base::add_type<LabelTable>(hash);
  base::add_type<limits::Table>(hash);
  base::add_type<RowUser>(hash);
  // Kept as words in the two kinds of Record, and in other fields.
  base::add_type<ClosedRoute>(hash);
  base::add_type<Job>(hash);
  base::add_enumerators<ProcessKind>(hash);
  base::add_enumerators<Command>(hash);
  base::add_enumerators<limits::PermitState>(hash);
  base::add_enumerators<limits::HoldEnd>(hash);
  base::add_enumerators<limits::LimitReason>(hash);
  hash.add(std::uint64_t{kPageRows});
  for (const auto bit : {limits::KeyShare::kAsked, limits::KeyShare::kRecalled, limits::KeyShare::kDenied,
                         limits::Waiter::kDenied})
    hash.add(std::uint64_t{bit});
  for (const auto end : Label::kTextEnds) hash.add(std::uint64_t{end});
  for (const auto bits : {trait::kClientTls, trait::kOriginTls, trait::kOnWorker, trait::kUser,
                          trait::kSlowClient, trait::kSlowOrigin, trait::kEnding})
    hash.add(std::uint64_t{bits});
}

}  // namespace wsflow::shm
