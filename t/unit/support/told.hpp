#pragma once

#include <catch2/catch.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/frames.hpp"

namespace wsflow::test {

// What a client hears when its tunnel is closed with `code`.
inline Bytes close_with(std::uint16_t code, std::string_view reason = {}) {
  Bytes frame{0x88, static_cast<std::uint8_t>(2 + reason.size()), static_cast<std::uint8_t>(code >> 8U),
              static_cast<std::uint8_t>(code)};
  frame.insert(frame.end(), reason.begin(), reason.end());
  return frame;
}

// Opens tunnels and waits until the loops have them.
inline std::vector<Ends> open_all(EngineRig& rig, std::size_t count, const tunnel::Options& options = {}) {
  const auto before = rig.process.slot.active.load();
  std::vector<Ends> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(rig.open(options));
  REQUIRE(eventually([&] { return rig.process.slot.active == before + count; }));
  return all;
}

// A frame of the origin whose first part the client has got already.
struct BegunFrame {
  Bytes bytes = frame(ws::Opcode::text, true, pattern(50));
  std::span<const std::uint8_t> rest = std::span(bytes).subspan(20);

  explicit BegunFrame(const Ends& ends) {
    const auto part = std::span(bytes).first(20);
    REQUIRE(send_all(ends.origin.get(), part));
    REQUIRE(receive_exactly(ends.client.get(), 20) == Bytes(part.begin(), part.end()));
  }
  Bytes rest_and(const Bytes& more) const {
    Bytes result(rest.begin(), rest.end());
    append(result, more);
    return result;
  }
};

}  // namespace wsflow::test
