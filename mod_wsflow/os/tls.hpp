#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>

namespace wsflow::os {

struct SslFree {
  void operator()(SSL* ssl) const noexcept {
    // Whatever the end was like, OpenSSL must not take the session out of mod_ssl's cache for it (tls.cpp).
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
  }
};
// One reference to an established TLS connection.
using SslRef = std::unique_ptr<SSL, SslFree>;

struct BioMethodFree {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};
// The BIO through which an SSL object uses a Stream's socket. One a process (it must outlive every SSL object
// that uses it), owned by the engine; it is not static because the module must be able to unload.
using BioMethod = std::unique_ptr<BIO_METHOD, BioMethodFree>;
BioMethod make_stream_bio_method() noexcept;

// Takes an SSL object out of the hands of whoever made it: nothing of the former owner is called any more
// (application data, callbacks, session cache), the peer cannot renegotiate, idle buffers are given back.
// `received_shutdown` tells that the peer's close_notify has been read already. Pre: no other thread uses
// `ssl`.
void adopt(SSL* ssl, bool received_shutdown) noexcept;

class Stream;
// Lets OpenSSL tell `stream` of the records and session tickets that come in. Pre: `ssl` is adopted.
void watch_records(SSL* ssl, Stream& stream) noexcept;
// A session without an id is in no cache: OpenSSL does not try to take it out when the connection ends badly
// or the peer sends a fatal alert. That would call mod_ssl, which waits for a lock that httpd shares with all
// its processes and a keeper does not even have. A context that keeps sessions by itself needs their ids.
void forget_session(SSL* ssl) noexcept;

}  // namespace wsflow::os
