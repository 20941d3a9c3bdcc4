"""Counts how old frames were when they were handled: the histogram that Progress frames have."""
import struct

#: Buckets up to 2^48 ns; Progress frames have those up to 2^32 ns, and all that is longer in the last one.
_BUCKETS, _STORED = 720, 464
_LONGEST = 2**48 - 1
_MOST = 2**32 - 1


class Ages:
    """Buckets are 1/16 of their value wide."""

    def __init__(self):
        self.counts = [0] * _BUCKETS

    def record(self, ns):
        value = min(max(ns, 0), _LONGEST)
        if value < 16:
            self.counts[value] += 1
            return
        exponent = value.bit_length() - 1
        self.counts[(exponent - 3) * 16 + (value >> exponent - 4 & 15)] += 1

    def quantiles(self, *parts):
        """In ns, to 1/16; 0 when there are none."""
        total = sum(self.counts)
        found, seen = [], 0
        wanted = [-(-total * int(part * 1000) // 1000) for part in parts]
        for bucket, count in enumerate(self.counts):
            seen += count
            while count and len(found) < len(wanted) and seen >= wanted[len(found)]:
                found.append(_upper_end(bucket))
        return found + [0] * (len(parts) - len(found))

    def packed(self):
        stored = self.counts[:_STORED]
        stored[-1] += sum(self.counts[_STORED:])
        return struct.pack(f'<{_STORED}I', *(min(count, _MOST) for count in stored))


def _upper_end(bucket):
    if bucket < 16:
        return bucket
    exponent = (bucket >> 4) + 3
    return ((16 + (bucket & 15) + 1) << exponent - 4) - 1
