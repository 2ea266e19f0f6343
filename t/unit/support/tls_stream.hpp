#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/os/stream.hpp"
#include "t/unit/support/tls_pair.hpp"

namespace wsflow::test {

inline TlsConnection adopted(Role role, int version) {
  auto tls = tls_pair(role, version);
  os::adopt(tls.ours.get(), false);
  return tls;
}

// A stream whose SSL object was taken over from "somebody else" after the handshake.
struct TlsStream {
  explicit TlsStream(Role role = Role::server, int version = TLS1_3_VERSION)
      : TlsStream(adopted(role, version)) {}
  explicit TlsStream(TlsConnection tls)
      : peer_fd(std::move(tls.sockets.peer)),
        peer(std::move(tls.peer)),
        stream(std::move(tls.sockets.ours), std::move(tls.ours)) {
    REQUIRE(stream.bind_tls(method.get()));
  }

  os::IoResult read() {
    stream.note_readable(false);
    return stream.read(buffer);
  }
  std::string text(std::size_t size) const {
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  os::BioMethod method = os::make_stream_bio_method();
  base::UniqueFd peer_fd;
  os::SslRef peer;
  os::Stream stream;
  std::array<std::uint8_t, 66560> buffer{};
};

// All bytes that come before `again`, and the number of reads.
struct Gathered {
  std::string text;
  unsigned reads = 0;
  unsigned most_records = 0;  // of one read
  os::Io end = os::Io::ok;
};
inline Gathered gather(TlsStream& tls, bool hang_up = false) {
  Gathered all;
  tls.stream.note_readable(hang_up);
  for (;;) {
    const auto got = tls.stream.read(tls.buffer);
    all.end = got.status;
    if (got.status != os::Io::ok) return all;
    all.text += tls.text(got.bytes);
    ++all.reads;
    all.most_records = std::max(all.most_records, tls.stream.work());
  }
}

}  // namespace wsflow::test
