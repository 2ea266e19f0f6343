#pragma once

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include "mod_wsflow/base/assert.hpp"
#include "mod_wsflow/base/unique_fd.hpp"
#include "t/unit/support/child_process.hpp"

namespace wsflow::test {

#ifdef WSFLOW_ASSERTS

// Runs `body` in a process of its own. Returns what it wrote to stderr if it died of SIGABRT, else nothing.
template <class Body>
std::string assertion_of(Body&& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const base::UniqueFd reader(ends[0]);
  base::UniqueFd writer(ends[1]);
  ChildProcess child([&] {
    ::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
    ::dup2(writer.get(), STDERR_FILENO);
    body();
    return true;
  });
  writer.reset();
  std::string text;
  std::array<char, 1024> part;
  for (ssize_t got = 0; (got = ::read(reader.get(), part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  const int status = child.wait();
  return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : std::string();
}

// Whether `body` dies of an assertion in `file`.
template <class Body>
bool asserts_in(const char* file, Body&& body) {
  const auto text = assertion_of(body);
  return text.find(file) != std::string::npos && text.find("assertion failed") != std::string::npos;
}

#endif

}  // namespace wsflow::test
