#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>

namespace wsflow::os {

struct SslFree {
  void operator()(SSL* ssl) const noexcept {
    // Keeps OpenSSL from removing the session from mod_ssl's cache after a bad end (forget_session()).
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
  }
};
// An owned reference to an established TLS connection.
using SslRef = std::unique_ptr<SSL, SslFree>;

struct BioMethodFree {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};
// The BIO through which an SSL object uses a Stream's socket. The engine owns the only one of a process, and
// must outlive every SSL object that uses it. It is not static, as the module must be able to unload.
using BioMethod = std::unique_ptr<BIO_METHOD, BioMethodFree>;
BioMethod make_stream_bio_method() noexcept;

// Detaches an SSL object from its former owner: OpenSSL calls nothing of that owner any more (application
// data, callbacks, session cache), the peer cannot renegotiate, and idle buffers are freed.
// `received_shutdown`: the peer's close_notify has been read. Pre: no other thread uses `ssl`.
void adopt(SSL* ssl, bool received_shutdown) noexcept;

class Stream;
// Makes OpenSSL report incoming records and session tickets to `stream`. Pre: `ssl` is adopted.
void watch_records(SSL* ssl, Stream& stream) noexcept;
// Takes the id from the session, unless the context itself keeps sessions. OpenSSL removes a session with an
// id from the cache when the connection ends badly or the peer sends a fatal alert; that calls mod_ssl, which
// waits for a lock that all processes of httpd share, and that a keeper does not have.
void forget_session(SSL* ssl) noexcept;
// Frees the record buffers of a connection that rests, 17 KB each. False if one is in use.
bool free_buffers(SSL* ssl) noexcept;

}  // namespace wsflow::os
