// The reader of wsflow-load on any bytes of a server: every split tells the same messages, pings and Close
// frame, a message ends once, and nothing is told behind a Close frame or a breach. Input: chunk size - 1,
// then the stream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mod_wsflow/programs/load/message_reader.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow;
using wsflow::fuzz::require;

namespace {

struct Told : load::MessageListener {
  void on_data(ws::Opcode type, std::uint64_t offset, std::span<const std::uint8_t> bytes,
               bool last) override {
    require(!closed && !ws::is_control(type) && type != ws::Opcode::continuation);
    require(offset == message.size());
    message.append(bytes.begin(), bytes.end());
    if (!last) return;
    events.push_back(std::string(ws::to_string(type)) + message);
    message.clear();
  }
  void on_ping(std::span<const std::uint8_t> payload) override {
    require(!closed && payload.size() <= ws::kMaxControlPayload);
    events.push_back("ping" + std::string(payload.begin(), payload.end()));
  }
  void on_close(std::uint16_t code, std::string_view reason) override {
    require(!closed && reason.size() <= ws::kMaxControlPayload);
    closed = true;
    events.push_back("close" + std::to_string(code) + std::string(reason));
  }
  std::string message;
  std::vector<std::string> events;
  bool closed = false;
  bool whole = true;
};

Told read(std::span<const std::uint8_t> stream, std::size_t chunk) {
  Told told;
  load::MessageReader reader;
  for (std::size_t at = 0; at < stream.size(); at += chunk) {
    // Copied to its exact size, so that a sanitizer sees a read behind its end.
    const auto part = stream.subspan(at, std::min(chunk, stream.size() - at));
    const std::vector<std::uint8_t> copy(part.begin(), part.end());
    const bool was_whole = told.whole;
    const auto before = told.events.size();
    told.whole = reader.read(copy, told);
    if (!was_whole) require(!told.whole && told.events.size() == before);
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::span<const std::uint8_t> stream(data + 1, size - 1);
  const auto whole = read(stream, std::max<std::size_t>(stream.size(), 1));
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{7}, data[0] + std::size_t{1}}) {
    const auto split = read(stream, chunk);
    require(split.events == whole.events && split.whole == whole.whole && split.closed == whole.closed);
  }
  return 0;
}
