"""The module's shared memory as a child that was taken over could write it, and as the dead and the stopped leave it."""

import contextlib
import os
import pathlib
import struct

_MAGIC = struct.pack("<Q", 0x77666C6F77736567)
_ROW = 104
_PAGE = 64 + 64 * _ROW  # a head and its rows
_KEEPER = 1


def owner_word(pid):
    """A process as an owner (shm/owner.hpp)."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    ticks = int(text[text.rindex(")") + 2:].split()[19])
    return ticks << 22 | pid


class SharedSegment:
    """Of the httpd SITE; shm/layout.hpp has what stands where."""

    def __init__(self, site):
        # The parent has it mapped at the same place, and does not go.
        self._memory = open(f"/proc/{site.pid}/mem", "r+b", buffering=0)
        for line in pathlib.Path(f"/proc/{site.pid}/maps").read_text().splitlines():
            if " rw-s " not in line:
                continue
            self._begin, self._end = (int(each, 16) for each in line.split()[0].split("-"))
            if self._read(0, 8) == _MAGIC:
                break
        else:
            raise AssertionError("no segment is mapped")
        (_, _, self._header, self._slot, row, labels, _, self.slots, pages) = struct.unpack("<QQIIIIIII", self._read(0, 44))
        assert row == _ROW
        self._limits = self._header + self.slots * self._slot + pages * _PAGE + labels

    def close(self):
        self._memory.close()

    def _read(self, offset, size):
        return os.pread(self._memory.fileno(), size, self._begin + offset)

    def write(self, offset, data):
        assert os.pwrite(self._memory.fileno(), data, self._begin + offset) == len(data)

    def owner(self, slot):
        return struct.unpack("<Q", self._read(self._header + slot * self._slot, 8))[0]

    def take_free_slots(self, count):
        """Of the first COUNT slots those that are free are this test's, which lives."""
        word = struct.pack("<Q", owner_word(os.getpid()))
        for slot in range(count):
            if self.owner(slot) == 0:
                self.write(self._header + slot * self._slot, word)

    def name_keeper(self, slot, pid):
        """Says that PID is a keeper and has this slot."""
        at = self._header + slot * self._slot
        self.write(at, struct.pack("<Q", owner_word(pid)))
        self.write(at + 36, struct.pack("<I", _KEEPER))
        self.write(64, struct.pack("<I", slot + 1))  # slots_seen

    def spoil(self, data):
        """Fills all that is not the header's first line, with pieces of DATA as far as there is memory."""
        for offset in range(64, self._end - self._begin, len(data)):
            self.write(offset, data[:self._end - self._begin - offset])

    @contextlib.contextmanager
    def locked_limits(self):
        """The lock of the limits is held, as by a process that was stopped with it: by this test."""
        def lock():
            return struct.unpack("<I", self._read(self._limits, 4))[0]

        while lock() != 0:
            pass
        self.write(self._limits, struct.pack("<I", os.getpid()))
        try:
            yield
        finally:
            self.write(self._limits, struct.pack("<I", 0))
