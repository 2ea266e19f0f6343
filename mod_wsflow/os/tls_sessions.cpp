#include "mod_wsflow/os/tls_sessions.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "mod_wsflow/os/digest.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::os {

TlsSessions::Key TlsSessions::make_secret() noexcept {
  return {random64(), random64()};
}

TlsSessions::Key TlsSessions::key(const SSL_CTX* context, const void* scope, std::string_view name,
                                  std::string_view address) const noexcept {
  const std::array<std::uint64_t, 4> parts{secret_[0], secret_[1], reinterpret_cast<std::uintptr_t>(context),
                                           reinterpret_cast<std::uintptr_t>(scope)};
  const auto of_name = digest128(parts, name);
  return digest128(of_name, address);
}

std::optional<base::Instant> TlsSessions::offer(const Key& key, SSL* ssl, base::Instant now) noexcept {
  base::Instant verified{};
  const auto kept = take(key, now, verified);
  if (!kept) return std::nullopt;
  const Session copy(SSL_SESSION_dup(kept.get()));
  if (!copy || SSL_set_session(ssl, copy.get()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return verified;
}

void TlsSessions::keep(const Key& key, SSL* ssl, base::Instant verified, base::Instant now) noexcept {
  const auto* session = SSL_get_session(ssl);
  if (session == nullptr || SSL_SESSION_is_resumable(session) == 0) return;
  Session copy(SSL_SESSION_dup(session));
  if (!copy) {
    ERR_clear_error();
    return;
  }
  SSL_SESSION_set_max_early_data(copy.get(), 0);  // a handshake is never sent as early data
  const base::MutexLock lock(mutex_);
  auto& entry = place_for(key);
  entry.key = key;
  entry.verified = verified;
  entry.kept = now;
  entry.session.swap(copy);  // the former one is freed behind the lock
}

void TlsSessions::forget(const Key& key) noexcept {
  Session gone;
  const base::MutexLock lock(mutex_);
  auto& entry = place_for(key);
  if (entry.key == key) gone.swap(entry.session);
}

TlsSessions::Session TlsSessions::take(const Key& key, base::Instant now, base::Instant& verified) noexcept {
  const base::MutexLock lock(mutex_);
  auto& entry = place_for(key);
  if (entry.key != key || !entry.session || now - entry.verified >= kVerifiedFor) return {};
  verified = entry.verified;
  SSL_SESSION_up_ref(entry.session.get());
  return Session(entry.session.get());
}

// The entry of `key`; else a free one, else the one that has been kept longest.
TlsSessions::Entry& TlsSessions::place_for(const Key& key) noexcept {
  auto* place = entries_.data();
  for (auto& entry : entries_) {
    if (entry.session && entry.key == key) return entry;
    if (place->session && (!entry.session || entry.kept < place->kept)) place = &entry;
  }
  return *place;
}

}  // namespace wsflow::os
