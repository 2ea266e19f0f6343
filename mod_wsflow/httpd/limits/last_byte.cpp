#include "mod_wsflow/httpd/limits/last_byte.hpp"

#include <new>
#include <optional>
#include <utility>

#include "mod_wsflow/httpd/limits/hold.hpp"

namespace wsflow::httpd {

namespace {

constexpr const char* kName = "WSFLOW_LAST_BYTE";
// Bytes at the end of a file or of another large bucket that are split off from the rest.
constexpr apr_size_t kTail = 4096;

struct LastByte;

// The data of a bucket that carries the last byte: a bucket of any other kind in disguise. Whoever reads it,
// to write it to the network or to encrypt it, gives the permit back first. From the allocator of the
// connection; owned by the bucket.
struct Tail {
  const apr_bucket_type_t* type;  // of the bucket underneath
  void* data;
  LastByte* end;  // borrowed; nullptr: the request has died
};

// The watch of one answer for its last byte. In the request's pool. Touched by the thread that has the
// connection.
struct LastByte {
  explicit LastByte(LimitHold& its_hold) noexcept : hold(its_hold) {}
  ~LastByte() {
    if (tail != nullptr) tail->end = nullptr;
  }
  LastByte(const LastByte&) = delete;
  LastByte& operator=(const LastByte&) = delete;

  LimitHold& hold;                     // borrowed: dies after this
  Tail* tail = nullptr;                // borrowed from its bucket
  apr_off_t sent = 0;                  // bytes of the body
  apr_bucket_brigade* head = nullptr;  // of an answer to HEAD, until its handler has done its work
};

void disguise(apr_bucket* bucket, Tail* tail) noexcept;

Tail* uncover(apr_bucket* bucket) noexcept {
  auto* tail = static_cast<Tail*>(bucket->data);
  bucket->type = tail->type;
  bucket->data = tail->data;
  return tail;
}

void finish(Tail* tail) noexcept {
  if (tail->end != nullptr) {
    tail->end->tail = nullptr;
    tail->end->hold.give_back();
  }
  apr_bucket_free(tail);
}

void destroy_tail(void* data) noexcept {
  auto* tail = static_cast<Tail*>(data);
  tail->type->destroy(tail->data);
  finish(tail);
}

apr_status_t read_tail(apr_bucket* bucket, const char** bytes, apr_size_t* size,
                       apr_read_type_e block) noexcept {
  finish(uncover(bucket));
  return apr_bucket_read(bucket, bytes, size, block);
}

apr_status_t set_tail_aside(apr_bucket* bucket, apr_pool_t* pool) noexcept {
  auto* tail = uncover(bucket);
  const auto status = apr_bucket_setaside(bucket, pool);
  disguise(bucket, tail);
  return status;
}

apr_status_t split_tail(apr_bucket* bucket, apr_size_t at) noexcept {
  auto* tail = uncover(bucket);
  const auto status = apr_bucket_split(bucket, at);
  disguise(status == APR_SUCCESS ? APR_BUCKET_NEXT(bucket) : bucket, tail);
  return status;
}

// The copy does not carry the last byte.
apr_status_t copy_tail(apr_bucket* bucket, apr_bucket** copy) noexcept {
  auto* tail = uncover(bucket);
  const auto status = apr_bucket_copy(bucket, copy);
  disguise(bucket, tail);
  return status;
}

constexpr apr_bucket_type_t kTailType = {"WSFLOW_TAIL", 5,         apr_bucket_type_t::APR_BUCKET_DATA,
                                         destroy_tail,  read_tail, set_tail_aside,
                                         split_tail,    copy_tail};

void disguise(apr_bucket* bucket, Tail* tail) noexcept {
  tail->type = bucket->type;
  tail->data = bucket->data;
  bucket->type = &kTailType;
  bucket->data = tail;
}

void mark(apr_bucket* last, LastByte& end) noexcept {
  if (last->length > kTail && apr_bucket_split(last, last->length - kTail) == APR_SUCCESS)
    last = APR_BUCKET_NEXT(last);
  auto* tail = static_cast<Tail*>(apr_bucket_alloc(sizeof(Tail), last->list));
  end.tail = ::new (tail) Tail{.type = nullptr, .data = nullptr, .end = &end};
  disguise(last, tail);
}

// The bytes of body that the client waits for; std::nullopt: it learns of their end by other means.
std::optional<apr_off_t> expected(const request_rec* r) noexcept {
  if (AP_STATUS_IS_HEADER_ONLY(r->status)) return 0;
  const char* text = apr_table_get(r->headers_out, "Content-Length");
  apr_off_t length = 0;
  if (r->header_only != 0 || text == nullptr || apr_strtoff(&length, text, nullptr, 10) != APR_SUCCESS)
    return std::nullopt;
  return length;
}

struct Seen {
  bool all = false;            // the answer is complete with these buckets
  apr_bucket* last = nullptr;  // the last one with bytes
};

Seen look_at(apr_bucket_brigade* brigade, const request_rec* r, LastByte& end) noexcept {
  // No byte bucket holds the head of an HTTP/2 stream.
  const bool is_body = r->sent_bodyct != 0 || r->connection->master != nullptr;
  Seen seen;
  for (auto* bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade) && !seen.all;
       bucket = APR_BUCKET_NEXT(bucket)) {
    seen.all = APR_BUCKET_IS_EOS(bucket);
    if (APR_BUCKET_IS_METADATA(bucket) || bucket->length == 0 ||
        bucket->length == static_cast<apr_size_t>(-1))
      continue;
    seen.last = bucket;
    if (is_body) end.sent += static_cast<apr_off_t>(bucket->length);
  }
  const auto body = expected(r);
  seen.all = seen.all || (body && end.sent >= *body);
  return seen;
}

apr_status_t last_byte(ap_filter_t* filter, apr_bucket_brigade* brigade) noexcept {
  auto& end = *static_cast<LastByte*>(filter->ctx);
  auto* r = filter->r;
  const bool stream = r->connection->master != nullptr;
  const auto seen = look_at(brigade, r, end);
  if (!seen.all) {
    // The head is the whole answer to HEAD: it waits for the end of the work, which the permit is for.
    if (r->header_only == 0 || stream || !end.hold.permit) return ap_pass_brigade(filter->next, brigade);
    return ap_save_brigade(filter, &end.head, &brigade, r->pool);
  }
  auto* last = seen.last;
  if (end.head != nullptr) {
    if (last == nullptr) last = look_at(end.head, r, end).last;
    APR_BRIGADE_PREPEND(brigade, end.head);
  }
  ap_remove_output_filter(filter);
  if (end.hold.permit) {
    // The connection's thread takes a stream's buckets while this one ends the request.
    if (stream)
      end.hold.give_back();
    else if (last != nullptr)
      mark(last, end);
  }
  return ap_pass_brigade(filter->next, brigade);
}

apr_status_t forget(void* end) noexcept {
  std::destroy_at(static_cast<LastByte*>(end));
  return APR_SUCCESS;
}

}  // namespace

void register_last_byte() noexcept {
  // Below all filters that make bytes of the answer, such as the last chunk; above TLS; behind
  // mod_ratelimit.
  ap_register_output_filter(kName, last_byte, nullptr, static_cast<ap_filter_type>(AP_FTYPE_CONNECTION - 1));
}

void watch_last_byte(request_rec* r, LimitHold& hold) noexcept {
  auto* end = ::new (apr_palloc(r->pool, sizeof(LastByte))) LastByte(hold);
  apr_pool_cleanup_register(r->pool, end, forget, apr_pool_cleanup_null);
  ap_add_output_filter(kName, end, r, r->connection);
}

}  // namespace wsflow::httpd
