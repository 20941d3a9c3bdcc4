"""The snapshots of a sequence: what all strategies are told at a position, so that a start need not read the frames before it."""
import hashlib
import json
import struct

from ..errors import PositionGoneError

_END, _PART_BYTES = 56, 2000


class Snapshot:
    """`at`: it says what is known before this position. `views` is that, as plain data."""

    def __init__(self, at, data):
        self.at = at
        length, = struct.unpack_from('<I', data, 0)
        self.views = _unpack(data[8:8 + length])


def snapshots(reader, first, last=None):
    """The complete snapshots of a sequence that are true at a position from `first` to `last`, the last one first.

    A damaged one is passed over, and one whose first pages were retired.
    """
    for end in reader.positions_of(_END):
        try:
            reader.seek(end)
            place = reader.next()
            if place.position != end or not first <= place.at <= place.begin < end or (last is not None and place.at > last):
                continue
            data = _read(reader, place)
        except PositionGoneError:
            continue
        if data is not None:
            yield Snapshot(int(place.at), data)


def _read(reader, place):
    data, part = bytearray(), 0
    reader.seek(int(place.begin))
    for frame in reader:
        if frame.position >= place.position:
            break
        if frame.name == 'SnapshotPart' and frame.snapshot == place.snapshot and frame.part == part and frame.size <= _PART_BYTES:
            data += frame.bytes[:frame.size]
            part += 1
    is_whole = part == place.parts and len(data) == place.size and hashlib.sha256(data).hexdigest() == place.sha256
    return bytes(data) if is_whole else None


def _unpack(packed):
    """JSON, with long lists behind it: `{"$numbers": [first byte, length]}`, `$list` and `$bytes` name them."""
    length, = struct.unpack_from('<I', packed, 0)
    start = 8 + length + 7 & ~7
    return _insert(json.loads(packed[8:8 + length]), packed, start)


def _insert(value, packed, start):
    if isinstance(value, list):
        # As long lists of other things than numbers are JSON as a whole.
        return [_insert(item, packed, start) for item in value] if len(value) < 64 else value
    if not isinstance(value, dict):
        return value
    for name in ('$numbers', '$list'):
        if name in value:
            at, length = value[name]
            return list(struct.unpack_from(f'<{length}d', packed, start + at))
    if '$bytes' in value:
        at, length = value['$bytes']
        return packed[start + at:start + at + length]
    return {name[1:] if name.startswith('$') else name: _insert(item, packed, start) for name, item in value.items()}
