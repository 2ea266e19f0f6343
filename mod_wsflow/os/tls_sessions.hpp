#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/base/mutex.hpp"

namespace wsflow::os {

struct SslSessionFree {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

// The newest TLS session with each of a bounded number of servers, of which we are the client. A connection
// that resumes one shares the server's chain of certificates in memory, and costs the server no signature.
// Every thread.
//
// A session is kept and offered as a copy: OpenSSL marks the session of a connection that fails, and
// forget_session() changes it, so no two connections may have the same object.
class TlsSessions {
 public:
  static constexpr std::size_t kMost = 64;
  // A resumed handshake verifies no certificate. So one is verified at least this often: sessions that come
  // from resumed handshakes are as old as the full handshake in front of them.
  static constexpr base::Millis kVerifiedFor{600'000};

  // Who may share a session: SHA-256 of all that tells servers, and ways to trust them, apart.
  using Key = std::array<std::uint64_t, 2>;

  // `context`: has the certificates and whom to trust. `scope`: an object of the caller, for OpenSSL refuses
  // a session in another session id context. `name`: the server's name, or empty.
  Key key(const SSL_CTX* context, const void* scope, std::string_view name,
          std::string_view address) const noexcept;

  // Sets the session of `key` for a connection whose handshake has not begun. Returns when the server's
  // certificate was verified; nothing: there is no session.
  std::optional<base::Instant> offer(const Key& key, SSL* ssl, base::Instant now) noexcept;
  // Keeps the session of an established connection, if it can be resumed. `verified`: see offer().
  void keep(const Key& key, SSL* ssl, base::Instant verified, base::Instant now) noexcept;
  void forget(const Key& key) noexcept;

 private:
  using Session = std::unique_ptr<SSL_SESSION, SslSessionFree>;
  struct Entry {
    Key key{};
    base::Instant verified{};
    base::Instant kept{};
    Session session;  // owned, never changed; none: the entry is free
  };

  Session take(const Key& key, base::Instant now, base::Instant& verified) noexcept;
  Entry& place_for(const Key& key) noexcept WSFLOW_REQUIRES(mutex_);

  const Key secret_ = make_secret();
  base::Mutex mutex_;
  std::array<Entry, kMost> entries_ WSFLOW_GUARDED_BY(mutex_);

  static Key make_secret() noexcept;
};

}  // namespace wsflow::os
