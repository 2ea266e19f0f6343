#include "mod_wsflow/stores/redis/redis_tls.hpp"

#ifdef WSFLOW_REDIS_TLS

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <memory>

namespace wsflow::redis {

namespace {

struct FreeTls {
  void operator()(SSL_CTX* settings) const noexcept { SSL_CTX_free(settings); }
  void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};

// hiredis shakes hands in one call where the socket blocks, and tells nobody what it waits for where it does
// not: so it blocks for as long as that takes.
void set_blocking(redisContext& context, bool blocks, Deadline deadline) noexcept {
  using namespace std::chrono;
  const auto left = std::max(duration_cast<microseconds>(deadline - Clock::now()), microseconds(1000));
  const timeval most{.tv_sec = blocks ? left.count() / 1'000'000 : 0,
                     .tv_usec = blocks ? left.count() % 1'000'000 : 0};
  setsockopt(context.fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  setsockopt(context.fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  const int flags = fcntl(context.fd, F_GETFL);
  fcntl(context.fd, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
  context.flags = blocks ? context.flags | REDIS_BLOCK : context.flags & ~REDIS_BLOCK;
}

// Who must be at the other end. hiredis alone would take any name.
bool expect_host(SSL* tls, const std::string& host) noexcept {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1) return true;
  return SSL_set1_host(tls, host.c_str()) == 1 &&
         // The macro has a cast of C in it.
         SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

}  // namespace

bool start_tls(redisContext& context, const RedisUrl& url, Deadline deadline, std::string& wrong) {
  const std::unique_ptr<SSL_CTX, FreeTls> settings(SSL_CTX_new(TLS_client_method()));
  if (settings) SSL_CTX_set_verify(settings.get(), SSL_VERIFY_PEER, nullptr);
  if (!settings || SSL_CTX_set_default_verify_paths(settings.get()) != 1) {
    wrong = "no settings for TLS";
    return false;
  }
  std::unique_ptr<SSL, FreeTls> tls(SSL_new(settings.get()));
  if (!tls || !expect_host(tls.get(), url.host)) {
    wrong = "no TLS for this host";
    return false;
  }
  set_blocking(context, true, deadline);
  const bool good = redisInitiateSSL(&context, tls.get()) == REDIS_OK;
  set_blocking(context, false, deadline);
  if (good) {
    [[maybe_unused]] const auto* owned = tls.release();  // by the context
  } else {
    const auto verified = SSL_get_verify_result(tls.get());
    wrong = verified != X509_V_OK ? std::string("TLS: ") + X509_verify_cert_error_string(verified)
                                  : context.errstr;
  }
  return good;
}

}  // namespace wsflow::redis

#else

namespace wsflow::redis {

bool start_tls(redisContext&, const RedisUrl&, Deadline, std::string&) {
  return false;
}

}  // namespace wsflow::redis

#endif
