#include "mod_wsflow/programs/load/room_check.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "mod_wsflow/base/unique_fd.hpp"
#include "mod_wsflow/os/connect.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/programs/load/link.hpp"

namespace wsflow::load {

namespace {

// Of the program itself: standard streams, epoll, signals, files.
constexpr std::uint64_t kOwnDescriptors = 20;
constexpr const char* kPortRange = "/proc/sys/net/ipv4/ip_local_port_range";

std::string small_file(const char* path) {
  const base::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char text[128];
  const auto got = fd ? ::read(fd.get(), text, sizeof text) : -1;
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

ClientRoom client_room() {
  return {.descriptors = os::raise_descriptor_limit(), .ports = ports_of(small_file(kPortRange))};
}

std::uint64_t ports_of(std::string_view range) noexcept {
  std::uint64_t first = 0, last = 0;
  const auto* const end = range.data() + range.size();
  const auto [at, error] = std::from_chars(range.data(), end, first);
  const auto* behind = std::find_if(at, end, [](char c) { return c != ' ' && c != '\t'; });
  const auto second = std::from_chars(behind, end, last);
  if (error != std::errc{} || second.ec != std::errc{} || last < first) return 0;
  return last - first + 1;
}

std::string no_room_for(const LoadOptions& options, const ClientRoom& room, bool loopback) {
  const std::uint64_t wanted = options.connections;
  if (wanted + kOwnDescriptors > room.descriptors) {
    return std::to_string(wanted) + " sockets need " + std::to_string(wanted + kOwnDescriptors) +
           " descriptors, and this process may have " + std::to_string(room.descriptors) +
           " (the hard limit, ulimit -Hn): raise it as root, with `ulimit -n " +
           std::to_string(wanted + kOwnDescriptors) + "` or LimitNOFILE= or /etc/security/limits.conf";
  }
  const auto sources = std::max<std::uint64_t>(options.from.size(), 1);
  if (room.ports == 0 || wanted <= sources * room.ports) return {};
  const auto needed = (wanted + room.ports - 1) / room.ports;
  return std::to_string(wanted) + " sockets need as many ports, and " + std::to_string(sources) +
         (sources == 1 ? " source address has " : " source addresses have ") +
         std::to_string(sources * room.ports) + " (" + kPortRange + "): give " + std::to_string(needed) +
         " addresses with --from" +
         (loopback
              ? ", as --from 127.0.0.2-127.0.0." + std::to_string(std::min<std::uint64_t>(needed + 1, 254))
              : "") +
         ", or widen the range";
}

std::string slow_ports_of(const LoadOptions& options, const ClientRoom& room) {
  const auto sources = std::max<std::uint64_t>(options.from.size(), 1);
  const auto quick = sources * (room.ports / 2);
  if (room.ports == 0 || options.connections <= quick) return {};
  const auto each = room.ports / 2;
  return "note: beyond " + std::to_string(quick) + " sockets, half of the ports of " +
         (sources == 1 ? "its source address" : "its source addresses") +
         ", each connect is slow and takes much CPU: give " +
         std::to_string((options.connections + each - 1) / each) + " addresses with --from";
}

std::string foreign_address(const std::vector<IpAddress>& from) {
  for (const auto& address : from) {
    const auto fd = os::stream_socket(address.family());
    const int error = fd ? os::bind_to(fd.get(), address.get(), address.size) : errno;
    if (error != 0)
      return "--from: cannot send from " + address.text() + " (" + errno_name(error) +
             "): it must be an address of this machine (ip address add)";
  }
  return {};
}

}  // namespace wsflow::load
