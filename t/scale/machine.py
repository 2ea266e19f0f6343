"""What the kernel of this machine holds."""


def numbers(path, separator=":"):
    with open(path, encoding="ascii") as lines:
        return dict(line.split(separator, 1) for line in lines if separator in line)


def kernel_memory():
    """Bytes of slabs, and of pages in the buffers of TCP: of both ends of each connection on this machine."""
    slabs = 1024 * int(numbers("/proc/meminfo")["Slab"].split()[0])
    words = numbers("/proc/net/sockstat")["TCP"].split()
    return slabs + 4096 * int(words[words.index("mem") + 1])
