#include "mod_wsflow/tunnel/end_line.hpp"

namespace wsflow::tunnel {

namespace {
const char* by(EndedBy cause) noexcept {
  switch (cause) {
    case EndedBy::client: return " by the client";
    case EndedBy::origin: return " by the origin";
    case EndedBy::nobody: break;
  }
  return "";
}
}  // namespace

base::Text<400> end_line(const Tunnel& tunnel, base::Instant now) noexcept {
  base::Text<400> line;
  line << "tunnel ";
  line.id(tunnel.id()) << " ended: " << base::name(tunnel.outcome()) << by(tunnel.cause()) << " after "
                       << (now - tunnel.started()).count() << " ms";
  for (const auto side : {Side::client, Side::origin}) {
    const auto& seen = tunnel.from(side);
    line << (side == Side::client ? "; client sent " : "; origin sent ") << seen.bytes() << " bytes in "
         << seen.messages() << " messages";
    if (seen.close_seen()) line << " and Close " << seen.close_code();
    if (const auto ours = tunnel.our_close(side)) line << ", got Close " << ours << " from here";
    if (const auto rtt = tunnel.rtt(side)) line << ", last ping " << *rtt << " ms";
  }
  return line;
}

}  // namespace wsflow::tunnel
