#include "mod_wsflow/httpd/dump/capacity_now.hpp"

#include "mod_wsflow/capacity/system_facts.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/text_file.hpp"

namespace wsflow::httpd {

namespace {

class MachineFiles final : public capacity::Files {
 public:
  std::optional<std::string> read(const std::string& path) const override {
    constexpr std::size_t kMost = 65536;
    return os::read_text(path, kMost);
  }
};

}  // namespace

std::optional<capacity::Facts> capacity_now(const server_rec* main, std::uint64_t tunnels) {
  const auto* noted = config_of(main).capacity;
  if (noted == nullptr) return std::nullopt;
  auto facts = *noted;
  facts.tunnels_now = tunnels;
  facts.descriptors = os::most_descriptors();
  capacity::add_machine(facts, MachineFiles(), 0);
  return facts;
}

}  // namespace wsflow::httpd
