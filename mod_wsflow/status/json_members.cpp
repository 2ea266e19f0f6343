#include "mod_wsflow/status/json_members.hpp"

#include <algorithm>
#include <optional>

#include "mod_wsflow/base/slow_start.hpp"

namespace wsflow::status {

namespace {

// Whole seconds since the member came into use; nothing if it always was, or is not.
std::optional<std::uint64_t> in_use_s(const MemberView& member, std::int64_t clock_us) noexcept {
  if (member.since <= base::kAlwaysInUse) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(clock_us / 1000 - member.since, 0) / 1000);
}

}  // namespace

void write_members(Writer& writer, const std::vector<MemberView>& members, std::int64_t clock_us) {
  write_key(writer, "members");
  writer.StartArray();
  for (const auto& member : members) {
    writer.StartObject();
    text(writer, "balancer", member.balancer);
    text(writer, "worker", member.worker);
    number(writer, "tunnels", member.tunnels);
    number(writer, "requests", member.requests);
    number(writer, "elsewhere", member.elsewhere);
    flag(writer, "in_use", member.since != base::kOutOfUse);
    number_or_null(writer, "in_use_s", in_use_s(member, clock_us));
    writer.EndObject();
  }
  writer.EndArray();
}

void write_origins(Writer& writer, const std::vector<OriginView>& origins) {
  write_key(writer, "origins");
  writer.StartArray();
  for (const auto& origin : origins) {
    writer.StartObject();
    text_or_null(writer, "balancer", origin.balancer);
    text(writer, "worker", origin.worker);
    text(writer, "state", name(origin.state));
    number(writer, "busy", origin.busy);
    writer.EndObject();
  }
  writer.EndArray();
}

void write_workers(Writer& writer, const WorkersView& workers) {
  begin_object(writer, "httpd_workers");
  number(writer, "busy", workers.busy);
  number(writer, "idle", workers.idle);
  number(writer, "at_most", workers.most);
  writer.EndObject();
}

}  // namespace wsflow::status
