#include "mod_wsflow/httpd/status/client_model.hpp"

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/process/retained_wakeups.hpp"
#include "mod_wsflow/httpd/status/limit_key.hpp"
#include "mod_wsflow/limits/view.hpp"

namespace wsflow::httpd {

namespace {

// Of so many of its tunnels the view has sums and permits.
constexpr std::size_t kMostTunnels = 1000;

void add_tunnels(const limits::LimitsAccess& access, shm::Layout& layout, const shm::Selector& selector,
                 status::ClientView& view) {
  const auto page = shm::tunnels(layout, {.selector = selector, .count = kMostTunnels});
  view.tunnels = page.matched;
  view.summed = page.tunnels.size();
  std::vector<limits::PermitRef> permits;
  for (const auto& tunnel : page.tunnels) {
    permits.push_back(tunnel.permit);
    for (std::size_t i = 0; i < view.bytes.size(); ++i) {
      view.bytes[i] += tunnel.bytes[i];
      view.messages[i] += tunnel.messages[i];
    }
  }
  view.held = limits::unkeyed_limits_of(access, permits);
}

void add_limit(const limits::LimitsAccess& access, shm::Layout& layout, const LimitConfig& limit,
               std::string_view text, status::ClientView& view) {
  auto state = limits::key_state(access, limit.definition.name, key_in(limit, layout, text), limits::now());
  if (!state) return;
  // Whoever asks knows the text of the key.
  state->view.text = text;
  view.limits.push_back(
      {.limit = limit.definition.name,
       .key = std::move(state->view),
       .permits = state->permits,
       .barred_s = static_cast<std::uint64_t>((state->barred + limits::kSecond - 1) / limits::kSecond)});
}

}  // namespace

std::optional<limits::PermitSet> permits_of(const server_rec* server, shm::Layout& layout,
                                            const shm::Selector& selector) {
  if (selector.key.empty()) return std::nullopt;
  const auto* limit = defined_limit(server, selector.limit);
  // No tunnel has a key of a limit that there is not.
  if (limit == nullptr || limit->key == nullptr) return limits::PermitSet();
  const auto wakeups = retained_wakeups();
  auto held = limits::holders_of({shm::limits_table(layout), wakeups}, selector.limit,
                                 key_in(*limit, layout, selector.key));
  return held ? std::move(held) : limits::PermitSet();
}

status::ClientView client_model(const server_rec* server, shm::Layout& layout,
                                const shm::Selector& selector) {
  status::ClientView view;
  view.wanted = !selector.client.empty() || !selector.user.empty() || !selector.key.empty();
  if (!view.wanted) return view;
  const auto wakeups = retained_wakeups();
  const limits::LimitsAccess access(shm::limits_table(layout), wakeups);
  add_tunnels(access, layout, selector, view);
  for (const auto* limit : defined_limits(server)) {
    if (limit->key == nullptr) continue;
    const auto add = [&](const std::string& text) {
      if (!text.empty()) add_limit(access, layout, *limit, text, view);
    };
    if (!selector.key.empty()) {
      if (selector.limit == limit->definition.name) add(selector.key);
      continue;
    }
    add(selector.client);
    add(selector.user);
  }
  if (const auto address = shm::Address::of(selector.client); address != shm::Address{})
    view.refused = shm::refusals_of(layout.refusals, address, base::now_us());
  return view;
}

}  // namespace wsflow::httpd
