// FrameScanner on any bytes: every split gives the same result, no invalid frame is reported, and a scan to
// the boundary stops at the first boundary, in the state of a scan that ends there. Input: sender (bit 0),
// chunk size - 1, then the stream.
#include "mod_wsflow/ws/frame_scanner.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "t/fuzz/require.hpp"

using namespace wsflow::ws;
using wsflow::fuzz::require;

namespace {

struct Scan {
  FrameScanner scanner;
  std::vector<FrameHeader> headers;
};

Scan scan_in_chunks(Sender sender, std::span<const std::uint8_t> bytes, std::size_t chunk) {
  Scan scan{FrameScanner(sender), {}};
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const bool was_broken = scan.scanner.broken();
    const bool was_closed = scan.scanner.close_seen();
    const std::size_t before = scan.headers.size();
    // Copied to its exact size, so that a sanitizer sees a read behind the end of a chunk.
    const auto part = bytes.subspan(at, std::min(chunk, bytes.size() - at));
    const std::vector<std::uint8_t> copy(part.begin(), part.end());
    scan.scanner.scan(copy, [&](const FrameHeader& header) { scan.headers.push_back(header); });
    if (was_broken) require(scan.scanner.broken() && scan.headers.size() == before);
    if (was_closed) require(scan.scanner.close_seen());
  }
  return scan;
}

bool same_header(const FrameHeader& a, const FrameHeader& b) {
  return a.opcode == b.opcode && a.fin == b.fin && a.rsv == b.rsv && a.masked == b.masked &&
         a.payload_length == b.payload_length;
}

void require_same(const Scan& a, const Scan& b) {
  require(std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(), same_header));
  require(a.scanner.at_boundary() == b.scanner.at_boundary());
  require(a.scanner.broken() == b.scanner.broken());
  require(a.scanner.close_seen() == b.scanner.close_seen());
  require(a.scanner.close_code() == b.scanner.close_code());
  require(a.scanner.payload_left() == b.scanner.payload_left());
}

void require_valid(const Scan& scan, Sender sender) {
  bool in_message = false;
  bool close_begun = false;
  for (const FrameHeader& header : scan.headers) {
    require(!is_reserved(header.opcode));
    require(header.rsv < 8);
    require(header.masked == (sender == Sender::client));
    require(header.payload_length <= INT64_MAX);
    if (is_control(header.opcode)) {
      require(header.fin && header.payload_length <= kMaxControlPayload);
      close_begun = close_begun || header.opcode == Opcode::close;
    } else {
      require((header.opcode == Opcode::continuation) == in_message);
      in_message = !header.fin;
    }
  }
  const FrameScanner& scanner = scan.scanner;
  if (scanner.broken()) require(!scanner.at_boundary() && scanner.payload_left() == 0);
  if (scanner.at_boundary()) require(scanner.payload_left() == 0 && scanner.close_seen() == close_begun);
  if (scanner.close_seen()) require(close_begun);
}

// Scans `seen` bytes and then the rest, chunk by chunk, to the boundary.
void require_boundary(Sender sender, std::span<const std::uint8_t> bytes, std::size_t seen,
                      std::size_t chunk) {
  Scan scan = scan_in_chunks(sender, bytes.first(seen), chunk);
  std::size_t at = seen;
  for (bool whole = true; whole && at < bytes.size();) {
    const auto part = bytes.subspan(at, std::min(chunk, bytes.size() - at));
    const std::vector<std::uint8_t> copy(part.begin(), part.end());
    const bool was_over = scan.scanner.at_boundary() || scan.scanner.broken();
    const auto taken = scan.scanner.scan_to_boundary(
        copy, [&](const FrameHeader& header) { scan.headers.push_back(header); });
    require(taken <= copy.size() && (taken == 0) == was_over);
    whole = taken == copy.size();
    at += taken;
  }
  const bool over = scan.scanner.at_boundary() || scan.scanner.broken();
  require(over || at == bytes.size());
  require_same(scan, scan_in_chunks(sender, bytes.first(at), std::max<std::size_t>(at, 1)));
  Scan inside = scan_in_chunks(sender, bytes.first(seen), chunk);
  for (std::size_t byte = seen; byte < at; ++byte) {
    require(!inside.scanner.at_boundary() && !inside.scanner.broken());
    inside.scanner.scan(bytes.subspan(byte, 1), [](const FrameHeader&) {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Sender sender = (data[0] & 1U) != 0 ? Sender::origin : Sender::client;
  const std::size_t chunk = data[1] + std::size_t{1};
  const std::span<const std::uint8_t> stream(data + 2, size - 2);
  const Scan whole = scan_in_chunks(sender, stream, std::max<std::size_t>(stream.size(), 1));
  require_valid(whole, sender);
  require_same(whole, scan_in_chunks(sender, stream, chunk));
  for (std::size_t small = 1; small < kMaxHeaderSize; ++small) {
    require_same(whole, scan_in_chunks(sender, stream, small));
  }
  for (const std::size_t seen : {std::size_t{0}, stream.size() / 3, std::min(chunk, stream.size())}) {
    require_boundary(sender, stream, seen, chunk);
    require_boundary(sender, stream, seen, 1);
  }
  return 0;
}
