#include "mod_wsflow/httpd/request/held_input.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "mod_wsflow/httpd/request/tls_records.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kSeal = "WSFLOW_SEAL";
constexpr const char* kReplay = "WSFLOW_REPLAY";

// Bytes that a filter of ours holds, in c->pool.
struct Held {
  apr_bucket_brigade* bytes;
};

// Gives held bytes in the way that was asked for. Precondition: some are held.
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

// Filter right above the core's: ends all reading from the socket.
apr_status_t seal(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode, apr_read_type_e block,
                  apr_off_t wanted) noexcept {
  auto& held = *static_cast<Held*>(f->ctx);
  if (APR_BRIGADE_EMPTY(held.bytes)) return APR_EAGAIN;
  return give(held, into, mode, block, wanted);
}

// Filter above all others: gives its own bytes first.
apr_status_t replay(ap_filter_t* f, apr_bucket_brigade* into, ap_input_mode_t mode, apr_read_type_e block,
                    apr_off_t wanted) noexcept {
  auto& held = *static_cast<Held*>(f->ctx);
  if (!APR_BRIGADE_EMPTY(held.bytes)) return give(held, into, mode, block, wanted);
  return ap_get_brigade(f->next, into, mode, block, wanted);
}

Held* make_held(conn_rec* c) noexcept {
  return ::new (apr_palloc(c->pool, sizeof(Held))) Held{apr_brigade_create(c->pool, c->bucket_alloc)};
}

// Keeps only bytes that are in memory: removes socket buckets and the end of the stream.
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

// Moves the bytes of the brigade to `bytes`. False if there are none.
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

void register_held_input() noexcept {
  ap_register_input_filter(kSeal, seal, nullptr, static_cast<ap_filter_type>(AP_FTYPE_NETWORK - 1));
  ap_register_input_filter(kReplay, replay, nullptr, AP_FTYPE_CONNECTION);
}

std::string drain_input(conn_rec* c) {
  auto* held = make_held(c);
  auto* filter = ap_add_input_filter(kSeal, held, nullptr, c);
  // In AP_MODE_EXHAUSTIVE the core gives up all that it holds, its socket included, without reading.
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

}  // namespace wsflow::httpd
