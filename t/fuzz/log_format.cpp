// parse_log_format on any text, and lines of what it accepts. The input is a format, a NUL, and what a client
// has sent; its first byte says whether lines are JSON.
#include "mod_wsflow/config/log_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "mod_wsflow/status/tunnel_log_line.hpp"
#include "t/fuzz/require.hpp"

using namespace wsflow::config;
using namespace wsflow::status;
using wsflow::fuzz::require;

namespace {

// A client that sends the same everywhere.
struct Client final : LogSource {
  explicit Client(std::string text) : sent(std::move(text)) {}
  std::optional<std::string> value(HandshakeField field, std::string_view) const override {
    const bool number = field == HandshakeField::port || field == HandshakeField::local_port ||
                        field == HandshakeField::remote_port || field == HandshakeField::handshake;
    if (sent.empty()) return std::nullopt;
    return number ? "1" : sent;
  }
  std::string sent;
};

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool json = data[0] % 2 != 0;
  const std::string all(data + 1, data + size);
  const auto text = all.substr(0, all.find('\0'));
  const Client client(all.substr(std::min(text.size() + 1, all.size())));
  const auto format = parse_log_format(text);
  if (!format) {
    require(text.find('%') != std::string::npos);
    return 0;
  }
  LogFacts facts{};
  facts.event = "end";
  const LogShape shape{*format, json};
  const auto line = make_log_line(shape, prepare_values(shape, client), facts);
  require(line.size() <= kMaxLogLine && line.ends_with('\n'));
  // Of control characters only those of the format itself are in a line.
  if (std::ranges::none_of(text, is_control) && text.find("\\t") == std::string::npos) {
    require(std::ranges::none_of(line.substr(0, line.size() - 1), is_control));
  }
  return 0;
}
