#include "mod_wsflow/httpd/origin/answer_relay.hpp"

#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/origin/origin_answer.hpp"
#include "mod_wsflow/httpd/request/held_input.hpp"

namespace wsflow::httpd {

namespace {

// Makes a request that stands for the answer: with it, httpd's own HTTP input filter finds the end of the
// body. The backend connection owns the request.
request_rec* make_answer_request(request_rec* r, Origin& origin) noexcept {
  auto* c = origin.connection();
  apr_pool_t* pool = nullptr;
  apr_pool_create(&pool, c->pool);
  apr_pool_tag(pool, "wsflow_answer");
  auto* answer = static_cast<request_rec*>(apr_pcalloc(pool, sizeof(request_rec)));
  answer->pool = pool;
  answer->status = HTTP_OK;
  answer->headers_in = apr_table_make(pool, 4);
  answer->trailers_in = apr_table_make(pool, 2);
  answer->subprocess_env = apr_table_make(pool, 2);
  answer->headers_out = apr_table_make(pool, 2);
  answer->trailers_out = apr_table_make(pool, 2);
  answer->err_headers_out = apr_table_make(pool, 2);
  answer->notes = apr_table_make(pool, 2);
  answer->server = r->server;
  answer->log = r->log;
  answer->proxyreq = PROXYREQ_RESPONSE;
  answer->request_time = r->request_time;
  answer->connection = c;
  answer->input_filters = answer->proto_input_filters = c->input_filters;
  answer->output_filters = answer->proto_output_filters = c->output_filters;
  answer->useragent_ip = c->client_ip;
  answer->useragent_addr = c->client_addr;
  answer->request_config = ap_create_request_config(pool);
  answer->per_dir_config = r->per_dir_config;
  ap_proxy_pre_http_request(c, answer);
  origin.backend()->r = answer;  // mod_proxy destroys it with the connection
  return answer;
}

base::Millis time_for_body(const request_rec* r, const Origin& origin) noexcept {
  const auto& worker = *origin.worker()->s;
  const auto& conf = *origin.conf();
  return base::Millis(apr_time_as_msec(worker.timeout_set != 0 ? worker.timeout
                                       : conf.timeout_set != 0 ? conf.timeout
                                                               : r->server->timeout));
}

}  // namespace

AnswerRelay::AnswerRelay(request_rec* r, Origin& origin) : r_(r), origin_(origin) {
  if (!begin_answer(r, origin)) {
    status_ = origin.head().status;
    ended_ = true;
    return;
  }
  replay_input(origin.connection(), origin.behind_head());
  answer_ = make_answer_request(r, origin);
  const char* encoding = apr_table_get(r->headers_out, "Transfer-Encoding");
  const char* length = apr_table_get(r->headers_out, "Content-Length");
  if (encoding != nullptr) {
    // RFC 9112 6.3: the encoding wins, and a length beside it is an attack or a defect.
    apr_table_set(answer_->headers_in, "Transfer-Encoding", encoding);
    apr_table_unset(r->headers_out, "Content-Length");
    apr_table_unset(r->headers_out, "Transfer-Encoding");
  } else if (length != nullptr) {
    apr_table_set(answer_->headers_in, "Content-Length", length);
  }
  r->sent_bodyct = 1;
  from_ = apr_brigade_create(answer_->pool, origin.connection()->bucket_alloc);
  to_ = apr_brigade_create(r->pool, r->connection->bucket_alloc);
  time_ = time_for_body(r, origin);
  until_ = base::now() + time_;
  if (!AP_STATUS_IS_HEADER_ONLY(r->status)) return;
  APR_BRIGADE_INSERT_TAIL(to_, apr_bucket_eos_create(r->connection->bucket_alloc));
  pass();
  ended_ = true;
}

// False if the client is gone.
bool AnswerRelay::pass() noexcept {
  const auto passed = ap_pass_brigade(r_->output_filters, to_);
  apr_brigade_cleanup(to_);
  return passed == APR_SUCCESS && r_->connection->aborted == 0;
}

void AnswerRelay::end(bool well) noexcept {
  ended_ = true;
  status_ = well ? OK : DONE;
}

void AnswerRelay::break_off(apr_status_t status) {
  ap_log_rerror(APLOG_MARK, APLOG_ERR, status, r_,
                WSFLOGNO(0040) "the origin %s broke off in the middle of the body of its answer",
                origin_.name().text);
  ap_proxy_backend_broke(r_, to_);
  pass();
  end(false);
}

Step AnswerRelay::advance() {
  while (!ended_) {
    origin_.expect_data();
    const auto status = ap_get_brigade(answer_->input_filters, from_, AP_MODE_READBYTES, APR_NONBLOCK_READ,
                                       static_cast<apr_off_t>(origin_.conf()->io_buffer_size));
    const bool nothing_yet =
        APR_STATUS_IS_EAGAIN(status) || (status == APR_SUCCESS && APR_BRIGADE_EMPTY(from_));
    if (nothing_yet) {
      if (!origin_.dry() && ++in_vain_ < kTriesInVain) continue;
      if (base::now() >= until_) {
        break_off(APR_TIMEUP);
        break;
      }
      return wait();
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
      break_off(status);
      break;
    }
    in_vain_ = 0;
    flushed_ = false;
    until_ = base::now() + time_;
    relay(APR_STATUS_IS_EOF(status));
  }
  return {};
}

// The client gets what is there before the origin is waited for.
Step AnswerRelay::wait() {
  in_vain_ = 0;
  if (!std::exchange(flushed_, true)) {
    APR_BRIGADE_INSERT_TAIL(to_, apr_bucket_flush_create(r_->connection->bucket_alloc));
    if (!pass()) {
      end(false);
      return {};
    }
  }
  return Step::wait(origin_.fd(), false, until_);
}

void AnswerRelay::relay(bool eof) {
  apr_off_t size = 0;
  apr_brigade_length(from_, 0, &size);
  origin_.count_read(size);
  const bool last = eof || APR_BRIGADE_EMPTY(from_) || APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(from_));
  ap_proxy_buckets_lifetime_transform(r_, from_, to_);  // drops what was in `to_`
  if (last && (APR_BRIGADE_EMPTY(to_) || !APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(to_)))) {
    APR_BRIGADE_INSERT_TAIL(to_, apr_bucket_eos_create(r_->connection->bucket_alloc));
  }
  const bool passed = pass();
  apr_brigade_cleanup(from_);
  if (!passed || last) end(passed);
}

}  // namespace wsflow::httpd
