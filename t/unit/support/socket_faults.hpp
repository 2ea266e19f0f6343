#pragma once

#include <cstddef>

namespace wsflow::test {

// What one call of recv() or send() in the code under test does instead of its work. The executable is linked
// with --wrap=recv,--wrap=send; the test's own traffic uses other calls.
enum class Fault {
  none,
  reset,     // fails with ECONNRESET
  again,     // says EAGAIN once
  one_byte,  // moves a single byte
};

// Counts the calls of a scope, of every thread, and spoils the `nth` (from 0).
class SocketFaults {
 public:
  SocketFaults() : SocketFaults(Fault::none, 0) {}
  SocketFaults(Fault fault, int nth);
  ~SocketFaults();
  SocketFaults(const SocketFaults&) = delete;
  SocketFaults& operator=(const SocketFaults&) = delete;

  int calls() const;
  bool happened() const;
};

// For a scope, all send() of every thread take this many bytes together, and say EAGAIN behind them.
class SendQuota {
 public:
  explicit SendQuota(std::size_t bytes);
  ~SendQuota();
  SendQuota(const SendQuota&) = delete;
  SendQuota& operator=(const SendQuota&) = delete;
};

// For a scope, recv() on this descriptor always gives as many bytes as it is asked for: a peer that sends
// without end, faster than anybody reads.
class EndlessPeer {
 public:
  explicit EndlessPeer(int fd);
  ~EndlessPeer();
  EndlessPeer(const EndlessPeer&) = delete;
  EndlessPeer& operator=(const EndlessPeer&) = delete;
};

}  // namespace wsflow::test
