#include "mod_wsflow/httpd/tunnel/receipts.hpp"

#include <new>

namespace wsflow::httpd {

namespace {
apr_status_t read_nothing(apr_bucket*, const char** bytes, apr_size_t* size, apr_read_type_e) noexcept {
  *bytes = nullptr;
  *size = 0;
  return APR_SUCCESS;
}

void come_back(void* receipts) noexcept {
  static_cast<Receipts*>(receipts)->take_back();
}

constexpr apr_bucket_type_t kReceipt = {"WSFLOW_RECEIPT",
                                        5,
                                        apr_bucket_type_t::APR_BUCKET_METADATA,
                                        come_back,
                                        read_nothing,
                                        apr_bucket_setaside_noop,
                                        apr_bucket_split_notimpl,
                                        apr_bucket_copy_notimpl};
}  // namespace

Receipts* Receipts::make(apr_pool_t* pool) noexcept {
  return ::new (apr_palloc(pool, sizeof(Receipts))) Receipts;
}

void Receipts::ask(apr_bucket_brigade* brigade) noexcept {
  auto* list = brigade->bucket_alloc;
  auto* bucket = static_cast<apr_bucket*>(apr_bucket_alloc(sizeof(apr_bucket), list));
  APR_BUCKET_INIT(bucket);
  bucket->free = apr_bucket_free;
  bucket->list = list;
  bucket->type = &kReceipt;
  bucket->length = 0;
  bucket->start = 0;
  bucket->data = this;
  wanted_.fetch_add(1, std::memory_order_relaxed);
  APR_BRIGADE_INSERT_TAIL(brigade, bucket);
}

}  // namespace wsflow::httpd
