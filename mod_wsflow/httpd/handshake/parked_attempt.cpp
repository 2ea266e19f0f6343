#include "mod_wsflow/httpd/handshake/parked_attempt.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/handshake/attempt_end.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/parked_request.hpp"
#include "mod_wsflow/os/connect.hpp"
#include "mod_wsflow/os/wait.hpp"
#include "mod_wsflow/os/wait_set.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

// Most origins answer within this time, and parking a request costs more than it.
constexpr base::Micros kMoment{1000};
// Longest time until a stream that its client has reset is noticed: mod_http2 only sets a flag.
constexpr base::Micros kLook{100'000};

// An attempt with its waits. In the pool of its request.
class ParkedAttempt final : public ParkedRequest {
 public:
  ParkedAttempt(Process& process, request_rec* request, const Origin::Target& target,
                const TunnelConfig& tunnels, const TunnelEnd& end, tunnel::Admission::Lease admission)
      : ParkedRequest(request),
        process_(process),
        attempt_(process, request, target, tunnels, end, std::move(admission), can_park(process, request)) {}
  ~ParkedAttempt() { forget(); }
  ParkedAttempt(const ParkedAttempt&) = delete;
  ParkedAttempt& operator=(const ParkedAttempt&) = delete;

  // Goes on until the attempt has ended, or is parked (SUSPENDED).
  int drive();

 private:
  int bell() const noexcept override { return waits_.fd(); }
  void begin() override {}
  // While the descriptor is open: its next step may close it, and the number be another file's.
  void end() noexcept override {
    if (waits_.fd() >= 0) waits_.watch(-1, false);
  }
  void abandon() noexcept override;
  int resume(bool waited) override;

  bool wait_for_a_moment(const Step& step) noexcept;
  void wait_here(const Step& step) noexcept;
  Failure too_many() const noexcept;
  void give_back() noexcept;
  Failure park_for(const Step& step) noexcept;
  bool has_early_bytes() const noexcept;
  bool client_has_left() noexcept;
  int client_socket() const noexcept;

  Process& process_;  // borrowed; outlives every request
  Attempt attempt_;
  os::WaitSet waits_;
  tunnel::Admission::Bell bell_;     // empty: it has not been parked
  HandshakeRoom::Lease room_;        // empty: it has not been parked
  bool watches_client_ = false;      // waits_ tells of the client's end
  bool client_half_closed_ = false;  // the client has ended its stream behind bytes for the tunnel
};

// -1 for a stream: the socket belongs to its whole connection, whose other streams may go on.
int ParkedAttempt::client_socket() const noexcept {
  apr_os_sock_t fd = -1;
  auto* socket = r->connection->master == nullptr ? ap_get_conn_socket(r->connection) : nullptr;
  if (socket != nullptr) apr_os_sock_get(&fd, socket);
  return fd;
}

// True if the client has sent bytes that nobody has read. httpd may have them, or the SSL object.
bool ParkedAttempt::has_early_bytes() const noexcept {
  auto* c = r->connection;
  auto* seen = apr_brigade_create(r->pool, c->bucket_alloc);
  const auto status = ap_get_brigade(c->input_filters, seen, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
  apr_off_t length = 0;
  if (status == APR_SUCCESS) apr_brigade_length(seen, 0, &length);
  apr_brigade_destroy(seen);
  return length > 0;
}

// A client may end its stream behind its first frames: it still gets its tunnel. Pre: not parked.
bool ParkedAttempt::client_has_left() noexcept {
  if (r->connection->aborted) return true;
  const int fd = client_socket();
  if (fd < 0) return false;
  switch (os::presence(fd)) {
    case os::Presence::here: return false;
    case os::Presence::lost: return true;
    case os::Presence::ended: break;
  }
  client_half_closed_ = client_half_closed_ || has_early_bytes();
  return !client_half_closed_;
}

bool ParkedAttempt::wait_for_a_moment(const Step& step) noexcept {
  if (step.fd < 0) return step.until <= base::now();
  auto& patience = process_.patience;
  if (!patience.worth_while(attempt_.origin())) return false;
  const bool ready = os::wait_for(step.fd, step.write, -1, kMoment);
  patience.note(attempt_.origin(), ready);
  return ready;
}

// Where the MPM cannot wait, this thread does, if the share of such threads is not taken.
void ParkedAttempt::wait_here(const Step& step) noexcept {
  const auto most = std::chrono::duration_cast<base::Micros>(step.until - base::now());
  const bool bounded = step.until != base::Instant::max();
  os::wait_for(step.fd, step.write, client_half_closed_ ? -1 : client_socket(),
               bounded ? std::min(most, kLook) : kLook);
  if (client_has_left()) attempt_.client_left();
}

Failure ParkedAttempt::too_many() const noexcept {
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0365)
                "handshake refused with 503: %u handshakes of this process wait for their origins already "
                "(WSFlowMaxHandshakes)", process_.handshakes.most());
  return no_room(HandshakeRefusal::max_handshakes);
}

Failure ParkedAttempt::park_for(const Step& step) noexcept {
  if (!room_) room_ = process_.handshakes.enter();
  if (!room_) return too_many();
  if (!bell_) bell_ = process_.engine->admission().bell();
  if (bell_ && (waits_.fd() >= 0 || waits_.open()) && park(process_)) {
    if (!watches_client_) watches_client_ = waits_.watch_hang_up(client());
    if (client_half_closed_) waits_.expect_loss_only(client());
    // The MPM closes what it has waited for as long as Timeout: it gets the connection anew before.
    const auto soon = base::now() + base::Millis(apr_time_as_msec(r->server->timeout) * 3 / 4);
    if (waits_.watch(step.fd, step.write) && waits_.wait_until(std::min(step.until, soon))) {
      attempt_.leave_worker();
      return {};
    }
    unpark();
  }
  ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                WSFLOGNO(0366) "no descriptors for a handshake that waits: it holds its worker");
  return no_room(HandshakeRefusal::internal);
}

int ParkedAttempt::drive() {
  const bool parks = can_park(process_, r);
  // Nobody disturbs the origin for a handshake that could not wait for it.
  if (parks && !room_ && process_.handshakes.full()) attempt_.give_up(too_many());
  for (;;) {
    const auto step = attempt_.advance();
    if (step.kind == Step::Kind::done) break;
    if (wait_for_a_moment(step)) continue;
    if (!parks && !attempt_.may_block()) break;
    if (!parks) {
      wait_here(step);
      continue;
    }
    const auto failure = park_for(step);
    if (!failure) return SUSPENDED;
    // A child that is nearly full has room for the tunnel, but not for the wait of its handshake.
    if (failure.reason != HandshakeRefusal::internal) {
      attempt_.give_up(failure);
    } else if (attempt_.may_block()) {
      wait_here(step);
    }
  }
  give_back();
  return attempt_.status();
}

void ParkedAttempt::give_back() noexcept {
  release();
  { const auto given_back = std::move(bell_); }
  { const auto given_back = std::move(room_); }
}

void ParkedAttempt::abandon() noexcept {
  attempt_.client_left();
  give_back();
  // Nobody else counts it.
  int status = attempt_.status();
  proxy_run_request_status(&status, r);
}

int ParkedAttempt::resume(bool waited) {
  if (!waited) attempt_.give_up({.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::internal});
  if (waited && client_has_left()) attempt_.client_left();
  const int status = guard(r->server, HTTP_INTERNAL_SERVER_ERROR, [&] { return drive(); });
  if (status == SUSPENDED) return SUSPENDED;
  const auto& target = attempt_.target();
  return go_on_as_mod_proxy(r, target.worker, target.conf, end_of_attempt(r, status));
}

apr_status_t destroy(void* attempt) noexcept {
  std::destroy_at(static_cast<ParkedAttempt*>(attempt));
  return APR_SUCCESS;
}

}  // namespace

int attempt(Process& process, request_rec* r, const Origin::Target& target, const TunnelConfig& tunnels,
            const TunnelEnd& end, tunnel::Admission::Lease admission) {
  ++state_of(r).attempts;
  auto* attempt = ::new (apr_palloc(r->pool, sizeof(ParkedAttempt)))
      ParkedAttempt(process, r, target, tunnels, end, std::move(admission));
  // Ahead of the pools below it: the attempt has connections of its own, and borrows from the request.
  apr_pool_pre_cleanup_register(r->pool, attempt, destroy);
  return attempt->drive();
}

int end_of_attempt(request_rec* r, int status) noexcept {
  if (status != HTTP_INTERNAL_SERVER_ERROR || state_of(r).refusal) return status;
  blame_no_origin(r);
  if (r->status != HTTP_SWITCHING_PROTOCOLS) return status;
  // The client has its 101: no page may follow.
  r->connection->aborted = 1;
  return DONE;
}

}  // namespace wsflow::httpd
