#pragma once

#include <string>
#include <string_view>

namespace wsflow::config {

// The keys of WSFlowPass that are not the module's own.

// Whether mod_proxy has, or has had, a key of this name, in a worker or a balancer. Newer ones may have more.
bool is_proxy_key(std::string_view name) noexcept;

// For a word that is none of the module's settings: what is wrong with it if it looks like one of them that
// is misspelled, and is not mod_proxy's; else empty.
std::string misspelled(std::string_view word);

// What is to be said of a word that mod_proxy has refused.
std::string unknown_key(std::string_view word);

}  // namespace wsflow::config
