#pragma once

namespace wsflow::test {

// What one call of recv() or send() in the code under test does instead of its work. The executable is linked
// with
// --wrap=recv,--wrap=send; the test's own traffic uses other calls.
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

}  // namespace wsflow::test
