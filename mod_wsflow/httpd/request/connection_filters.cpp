#include "mod_wsflow/httpd/request/connection_filters.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace wsflow::httpd {

namespace {

constexpr const char* kSeal = "WSFLOW_SEAL";
constexpr const char* kReplay = "WSFLOW_REPLAY";
constexpr const char* kArrivals = "WSFLOW_ARRIVALS";
constexpr const char* kDeadline = "WSFLOW_DEADLINE";

// mod_ssl says "again" behind each TLS record that is no data (a new key, a session ticket), and sometimes
// once more, though bytes wait that were read from the socket already. So often it is asked again in vain.
constexpr int kTriesInVain = 3;
// Records without data that one turn of a worker tunnel reads past.
constexpr int kReadsATurn = 64;

// Connection filters that hold nothing back for longer than a call and that a tunnel can do without. Names
// are in lower case, as httpd keeps them.
constexpr std::string_view kKnownFilters[] = {
    "core_in",        "core",
    "ssl/tls filter", "ssl/tls coalescing filter",
    "reqtimeout",     "log_input_output",
    "remoteip_input", "qos-in-filter",
    "wsflow_seal",    "wsflow_replay",
};

const char* foreign_in(const ap_filter_t* filter) noexcept {
  for (; filter != nullptr; filter = filter->next) {
    const std::string_view name(filter->frec->name);
    if (std::find(std::begin(kKnownFilters), std::end(kKnownFilters), name) == std::end(kKnownFilters)) {
      return filter->frec->name;
    }
  }
  return nullptr;
}

// Bytes that a filter of ours holds, in c->pool.
struct Held {
  apr_bucket_brigade* bytes;
};

// Gives what is held in the way that was asked for. Pre: something is held.
apr_status_t give(Held& held, apr_bucket_brigade* into, ap_input_mode_t mode, apr_read_type_e block,
                  apr_off_t wanted) noexcept {
  if (mode == AP_MODE_GETLINE) return apr_brigade_split_line(into, held.bytes, block, HUGE_STRING_LEN);
  apr_bucket* behind = nullptr;
  const auto status = apr_brigade_partition(held.bytes, wanted, &behind);
  if (status != APR_SUCCESS && status != APR_INCOMPLETE) return status;
  for (auto* bucket = APR_BRIGADE_FIRST(held.bytes);
       bucket != behind && bucket != APR_BRIGADE_SENTINEL(held.bytes);) {
    auto* next = APR_BUCKET_NEXT(bucket);
    if (mode == AP_MODE_SPECULATIVE) {
      apr_bucket* copy = nullptr;
      if (const auto copied = apr_bucket_copy(bucket, &copy); copied != APR_SUCCESS) return copied;
      APR_BRIGADE_INSERT_TAIL(into, copy);
    } else {
      APR_BUCKET_REMOVE(bucket);
      APR_BRIGADE_INSERT_TAIL(into, bucket);
    }
    bucket = next;
  }
  return APR_SUCCESS;
}

// Stands right above the core's filter and lets nothing be read from the socket any more.
apr_status_t seal(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode, apr_read_type_e block,
                  apr_off_t wanted) noexcept {
  auto& held = *static_cast<Held*>(f->ctx);
  if (APR_BRIGADE_EMPTY(held.bytes)) return APR_EAGAIN;
  return give(held, into, mode, block, wanted);
}

// Stands above all others and gives its bytes first.
apr_status_t replay(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode, apr_read_type_e block,
                    apr_off_t wanted) noexcept {
  auto& held = *static_cast<Held*>(f->ctx);
  if (!APR_BRIGADE_EMPTY(held.bytes)) return give(held, into, mode, block, wanted);
  return ap_get_brigade(f->next, into, mode, block, wanted);
}

apr_status_t wait_until_deadline(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode,
                                 apr_read_type_e block, apr_off_t wanted) noexcept {
  if (block == APR_BLOCK_READ) {
    const auto& deadline = *static_cast<ReadDeadline*>(f->ctx);
    // What has arrived is read all the same: the process may have been stopped meanwhile.
    apr_socket_timeout_set(deadline.socket, std::max<apr_interval_time_t>(deadline.left(), 1));
  }
  return ap_get_brigade(f->next, into, mode, block, wanted);
}

// Stands right above the core's filter.
apr_status_t note_arrival(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode,
                          apr_read_type_e block, apr_off_t wanted) noexcept {
  const auto status = ap_get_brigade(f->next, into, mode, block, wanted);
  if (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(into)) *static_cast<bool*>(f->ctx) = true;
  return status;
}

Held* make_held(conn_rec* c) noexcept {
  return ::new (apr_palloc(c->pool, sizeof(Held))) Held{apr_brigade_create(c->pool, c->bucket_alloc)};
}

// Leaves only bytes that are in memory already: no socket bucket, no end of stream.
void keep_bytes_only(apr_bucket_brigade* brigade) noexcept {
  for (auto* bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);) {
    auto* next = APR_BUCKET_NEXT(bucket);
    if (APR_BUCKET_IS_METADATA(bucket) || bucket->length == static_cast<apr_size_t>(-1))
      apr_bucket_delete(bucket);
    bucket = next;
  }
}

apr_off_t length_of(apr_bucket_brigade* brigade) noexcept {
  apr_off_t length = 0;
  apr_brigade_length(brigade, 1, &length);
  return length;
}

// Moves what is in the brigade. False if it is nothing.
bool append(std::string& bytes, apr_bucket_brigade* brigade) {
  auto size = static_cast<apr_size_t>(std::max<apr_off_t>(length_of(brigade), 0));
  const auto before = bytes.size();
  bytes.resize(before + size);
  apr_brigade_flatten(brigade, bytes.data() + before, &size);
  bytes.resize(before + size);
  apr_brigade_cleanup(brigade);
  return size != 0;
}

}  // namespace

void register_connection_filters() noexcept {
  const auto network = static_cast<ap_filter_type>(AP_FTYPE_NETWORK - 1);
  ap_register_input_filter(kSeal, seal, nullptr, network);
  ap_register_input_filter(kArrivals, note_arrival, nullptr, network);
  ap_register_input_filter(kDeadline, wait_until_deadline, nullptr, network);
  ap_register_input_filter(kReplay, replay, nullptr, AP_FTYPE_CONNECTION);
}

const char* foreign_filter(const conn_rec* c) noexcept {
  const char* name = foreign_in(c->input_filters);
  return name != nullptr ? name : foreign_in(c->output_filters);
}

std::string drain_input(conn_rec* c) {
  auto* held = make_held(c);
  auto* filter = ap_add_input_filter(kSeal, held, nullptr, c);
  // AP_MODE_EXHAUSTIVE is made for this: the core gives up all that it holds, its socket included, without
  // reading.
  ap_get_brigade(filter->next, held->bytes, AP_MODE_EXHAUSTIVE, APR_NONBLOCK_READ, 0);
  keep_bytes_only(held->bytes);

  std::string bytes;
  auto* brigade = apr_brigade_create(c->pool, c->bucket_alloc);
  auto left = length_of(held->bytes);
  for (int in_vain = 0; in_vain < kTriesInVain;) {
    const auto status =
        ap_get_brigade(c->input_filters, brigade, AP_MODE_READBYTES, APR_NONBLOCK_READ, 16384);
    const auto was_left = std::exchange(left, length_of(held->bytes));
    if (status == APR_SUCCESS && append(bytes, brigade)) continue;
    if (!APR_STATUS_IS_EAGAIN(status) || left == 0) break;
    in_vain = left < was_left ? 0 : in_vain + 1;
  }
  apr_brigade_destroy(brigade);
  return bytes;
}

void replay_input(conn_rec* c, std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  auto* held = make_held(c);
  apr_brigade_write(held->bytes, nullptr, nullptr, bytes.data(), bytes.size());
  ap_add_input_filter(kReplay, held, nullptr, c);
}

void set_deadline(conn_rec* c, ReadDeadline& deadline) noexcept {
  ap_add_input_filter(kDeadline, &deadline, nullptr, c);
}

void lift_deadline(conn_rec* c) noexcept {
  ap_remove_input_filter_byhandle(c->input_filters, kDeadline);
}

void watch_arrivals(conn_rec* c, bool& arrived) noexcept {
  ap_add_input_filter(kArrivals, &arrived, nullptr, c);
}

void end_arrivals(conn_rec* c) noexcept {
  ap_remove_input_filter_byhandle(c->input_filters, kArrivals);
}

apr_status_t read_past_records(conn_rec* c, bool& arrived, apr_bucket_brigade* into,
                               apr_off_t wanted) noexcept {
  int tries = 0;
  for (int reads = 0; reads < kReadsATurn; ++reads) {
    arrived = false;
    const auto status = ap_get_brigade(c->input_filters, into, AP_MODE_READBYTES, APR_NONBLOCK_READ, wanted);
    tries = arrived ? kTriesInVain : tries - 1;
    if (!APR_STATUS_IS_EAGAIN(status) || tries <= 0) return status;
    apr_brigade_cleanup(into);
  }
  arrived = true;
  return APR_SUCCESS;
}

}  // namespace wsflow::httpd
