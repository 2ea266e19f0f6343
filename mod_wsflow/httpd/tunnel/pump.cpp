#include "mod_wsflow/httpd/tunnel/pump.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/httpd/newer.hpp"
#include "mod_wsflow/httpd/request/tls_records.hpp"
#include "mod_wsflow/os/socket.hpp"

namespace wsflow::httpd {

namespace {

// Bytes that a socket pair holds: few, so that the tunnel sees bytes wait for a slow peer.
constexpr int kPairBuffer = 32 * 1024;

int number_of(apr_socket_t* socket) noexcept {
  apr_os_sock_t fd = -1;
  return socket != nullptr && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

// Lets httpd's last filter write what it holds, as far as the socket takes it. mod_proxy does the same.
apr_status_t write_held(const conn_rec* c) noexcept {
  auto* last = c->output_filters;
  while (last->next != nullptr) last = last->next;
  return last->frec->filter_func.out_func(last, nullptr);
}

bool find_polled(conn_rec* c, apr_pollfd_t& polled) noexcept {
  if (ap_get_pollfd_from_conn != nullptr) return ap_get_pollfd_from_conn(c, &polled, nullptr) == APR_SUCCESS;
  // An httpd without that function has no WebSockets in mod_http2: every connection has a socket.
  if (c->master != nullptr) return false;
  polled.desc_type = APR_POLL_SOCKET;
  polled.desc.s = ap_get_conn_socket(c);
  return polled.desc.s != nullptr;
}

}  // namespace

Pump::Pump(conn_rec* c) noexcept
    : c_(c),
      line_(number_of(ap_get_conn_socket(c->master != nullptr ? c->master : c))),
      in_bytes_(apr_brigade_create(c->pool, c->bucket_alloc)),
      out_bytes_(apr_brigade_create(c->pool, c->bucket_alloc)) {
  apr_pollfd_t polled{};
  polled.p = c->pool;
  if (!find_polled(c, polled)) {
    lost_ = true;
  } else if (polled.desc_type == APR_POLL_SOCKET) {
    socket_ = polled.desc.s;
    polled_ = number_of(socket_);
    apr_socket_opt_set(socket_, APR_SO_NONBLOCK, 1);
  } else if (polled.desc_type == APR_POLL_FILE) {
    apr_os_file_t fd = -1;
    if (apr_os_file_get(&fd, polled.desc.f) == APR_SUCCESS) polled_ = fd;
  } else {
    in_over_ = true;  // the request has no body
  }
  if (is_stream()) receipts_ = Receipts::make(c->pool);
  // A tunnel needs neither the filter that gathers small writes nor the one that times a request.
  ap_remove_output_filter_byhandle(c->output_filters, "SSL/TLS Coalescing Filter");
  ap_remove_input_filter_byhandle(c->input_filters, "reqtimeout");
  c->keepalive = AP_CONN_CLOSE;
  if (!is_stream()) watch_arrivals(c, arrived_);
}

Pump::~Pump() {
  end_arrivals(c_);
}

base::UniqueFd Pump::open() {
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(kChunk);
  auto pair = os::socket_pair(kPairBuffer);
  end_ = std::move(pair[0]);
  confirmed_ = os::delivery(line_).confirmed;
  return std::move(pair[1]);
}

void Pump::hold() noexcept {
  if (socket_ != nullptr) held_ = os::duplicate(number_of(socket_));
}

void Pump::stay_open() noexcept {
  if (!held_ || number_of(socket_) >= 0) return;
  // httpd's filters use this apr_socket_t; it closes its descriptor at the end of the connection.
  int fd = held_.release();
  apr_os_sock_put(&socket_, &fd, c_->pool);
  polled_ = line_ = fd;
}

void Pump::take_in() {
  more_in_ = false;
  if (c_->aborted != 0) lost_ = true;
  unsigned chunks = 0;
  while (push_in() && !in_over_ && !lost_ && read_in()) {
    if (++chunks < kChunksATurn) continue;
    more_in_ = push_in();
    return;
  }
  if (in_over_ && !in_told_ && waiting_in_.empty()) end_input();
}

// True if the pair has taken everything that was read.
bool Pump::push_in() noexcept {
  while (!waiting_in_.empty()) {
    const auto sent =
        os::send(end_.get(), {reinterpret_cast<const std::uint8_t*>(waiting_in_.data()), waiting_in_.size()});
    if (sent.status == os::Io::again) return false;
    if (sent.status != os::Io::ok) waiting_in_.clear();  // the tunnel takes no more
    waiting_in_.erase(0, sent.bytes);
  }
  return true;
}

// True if something was read.
bool Pump::read_in() {
  const auto status = read_past_records(c_, arrived_, in_bytes_, kChunk);
  bool read = false;
  if (status == APR_SUCCESS) {
    read = arrived_ || !APR_BRIGADE_EMPTY(in_bytes_);
    for (auto* bucket = APR_BRIGADE_FIRST(in_bytes_); bucket != APR_BRIGADE_SENTINEL(in_bytes_);
         bucket = APR_BUCKET_NEXT(bucket)) {
      const char* bytes = nullptr;
      apr_size_t size = 0;
      if (!APR_BUCKET_IS_METADATA(bucket) &&
          apr_bucket_read(bucket, &bytes, &size, APR_NONBLOCK_READ) == APR_SUCCESS)
        waiting_in_.append(bytes, size);
    }
  } else if (APR_STATUS_IS_EOF(status)) {
    in_over_ = true;
  } else if (!APR_STATUS_IS_EAGAIN(status)) {
    lost_ = true;
  }
  apr_brigade_cleanup(in_bytes_);
  return read;
}

void Pump::give_out(base::Instant now) noexcept {
  more_out_ = false;
  for (unsigned chunks = 0; !output_over() && (!blocked_ || unblock(now)); ++chunks) {
    if (chunks == kChunksATurn) {
      more_out_ = true;
      return;
    }
    const auto got = os::receive(end_.get(), {buffer_.get(), kChunk});
    if (got.status == os::Io::again) return;
    if (got.status != os::Io::ok) {
      out_over_ = true;
      if (socket_ != nullptr) apr_socket_shutdown(socket_, APR_SHUTDOWN_WRITE);
      return;
    }
    moved_at_ = now;
    pass(got.bytes);
  }
}

void Pump::pass(std::size_t size) noexcept {
  auto* bucket =
      apr_bucket_heap_create(reinterpret_cast<const char*>(buffer_.get()), size, nullptr, c_->bucket_alloc);
  APR_BRIGADE_INSERT_TAIL(out_bytes_, bucket);
  if (receipts_ != nullptr) receipts_->ask(out_bytes_);
  const auto status = ap_pass_brigade(c_->output_filters, out_bytes_);
  apr_brigade_cleanup(out_bytes_);
  lost_ = lost_ || status != APR_SUCCESS || c_->aborted != 0;
  blocked_ = receipts_ != nullptr || c_->data_in_output_filters != 0;
  looks_ = 0;
  // Bytes that are confirmed from now on show that the peer takes what waits.
  if (blocked_) confirmed_ = os::delivery(line_).confirmed;
}

// True if nothing waits any more.
bool Pump::unblock(base::Instant now) noexcept {
  if (receipts_ != nullptr) {
    // The empty brigade passes nothing, but makes receipts come back.
    lost_ = lost_ || ap_pass_brigade(c_->output_filters, out_bytes_) != APR_SUCCESS || c_->aborted != 0;
    blocked_ = receipts_->wanted();
    ++looks_;
  } else {
    lost_ = lost_ || write_held(c_) != APR_SUCCESS || c_->aborted != 0;
    blocked_ = c_->data_in_output_filters != 0;
  }
  if (!blocked_) moved_at_ = now;
  return !blocked_ && !lost_;
}

void Pump::add_to(os::PollSet& set) const noexcept {
  if (lost_) return;
  set.add(polled_, !in_over_ && waiting_in_.empty(), socket_ != nullptr && blocked_);
  set.add(end_.get(), !blocked_ && !out_over_, !waiting_in_.empty());
}

std::chrono::microseconds Pump::patience() const noexcept {
  using std::chrono::microseconds;
  if (lost_) return microseconds::max();
  if (more_in_ || more_out_) return microseconds(0);
  if (receipts_ == nullptr || !blocked_) return microseconds::max();
  return microseconds(50UL << std::min(looks_, 10U));
}

void Pump::look_at_line(base::Instant now) noexcept {
  const auto delivery = os::delivery(line_);
  on_their_way_ = delivery.waiting != 0;
  if (std::exchange(confirmed_, delivery.confirmed) == delivery.confirmed) return;
  confirmed_at_ = now;
  if (on_their_way_) moved_at_ = now;
}

void Pump::end_input() noexcept {
  in_over_ = in_told_ = true;
  os::shutdown_write(end_.get());
}

void Pump::detach() noexcept {
  lost_ = true;
  end_.reset();
}

void Pump::give_up() noexcept {
  detach();
  c_->aborted = 1;
  if (socket_ != nullptr) os::reset_on_close(number_of(socket_));
}

}  // namespace wsflow::httpd
