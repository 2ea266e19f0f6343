#pragma once

#include "mod_wsflow/capacity/capacity_table.hpp"

namespace wsflow::capacity {

// What the machine and what starts httpd say: the functions of the table.

Count ports_carry(const Facts& facts);
std::string ports_because(const Facts& facts);
std::vector<Advice> ports_advice(const Facts& facts, std::uint64_t wanted);
Count quick_ports_carry(const Facts& facts);
std::string quick_ports_because(const Facts& facts);
std::vector<Advice> quick_ports_advice(const Facts& facts, std::uint64_t wanted);

Count nr_open_carries(const Facts& facts);
std::string nr_open_because(const Facts& facts);
std::vector<Advice> nr_open_advice(const Facts& facts, std::uint64_t wanted);

Count file_max_carries(const Facts& facts);
std::string file_max_because(const Facts& facts);
std::vector<Advice> file_max_advice(const Facts& facts, std::uint64_t wanted);

Count epoll_carries(const Facts& facts);
std::string epoll_because(const Facts& facts);
std::vector<Advice> epoll_advice(const Facts& facts, std::uint64_t wanted);

Count conntrack_carries(const Facts& facts);
std::string conntrack_because(const Facts& facts);
std::vector<Advice> conntrack_advice(const Facts& facts, std::uint64_t wanted);

Count memory_carries(const Facts& facts);
std::string memory_because(const Facts& facts);
std::vector<Advice> memory_advice(const Facts& facts, std::uint64_t wanted);

Count group_memory_carries(const Facts& facts);
std::string group_memory_because(const Facts& facts);
std::vector<Advice> group_memory_advice(const Facts& facts, std::uint64_t wanted);

Count group_pids_carry(const Facts& facts);
std::string group_pids_because(const Facts& facts);
std::vector<Advice> group_pids_advice(const Facts& facts, std::uint64_t wanted);

Count tcp_memory_carries(const Facts& facts);
std::string tcp_memory_because(const Facts& facts);
std::vector<Advice> tcp_memory_advice(const Facts& facts, std::uint64_t wanted);

Count orphans_carry(const Facts& facts);
std::string orphans_because(const Facts& facts);
std::vector<Advice> orphans_advice(const Facts& facts, std::uint64_t wanted);

}  // namespace wsflow::capacity
