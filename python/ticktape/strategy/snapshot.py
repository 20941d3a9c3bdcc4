"""The snapshots of a sequence: what all strategies are told at a position, so that a start need not read the frames before it."""
import hashlib
import json
import struct

_END, _PART_BYTES = 56, 2000


class Snapshot:
    """`at`: it says what is known before this position. `views` is that, as plain data."""

    def __init__(self, at, data):
        self.at = at
        length, = struct.unpack_from('<I', data, 0)
        self.views = _unpack(data[8:8 + length])


def snapshots(reader):
    """The complete snapshots of a sequence, the last one first. A damaged one is passed over."""
    for end in reader.positions_of(_END):
        reader.seek(end)
        place = reader.next()
        data = _read(reader, place)
        if data is not None:
            yield Snapshot(int(place.at), data)


def _read(reader, place):
    data, part = bytearray(), 0
    if not 0 <= place.at <= place.begin < place.position:
        return None
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
