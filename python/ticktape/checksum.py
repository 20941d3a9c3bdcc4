"""CRC32C (RFC 3720), as docs/format.md has it. The standard library has only another CRC, so this one takes some 30 ns for each byte."""
import struct

from .layout import CRC, SLOT, TIME


def _make_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_BYTE = _make_table()
_WIDE = []
_position = struct.Struct('<Q').pack


def _wide_table():
    """Two bytes a step: of 65,536 numbers, so it is made when the first checksum of a frame is needed."""
    if not _WIDE:
        _WIDE[:] = [_BYTE[_BYTE[low] & 0xFF ^ high] ^ (_BYTE[low] >> 8) for high in range(256) for low in range(256)]
    return _WIDE


def crc32c(data, crc=0):
    """The CRC of bytes, or of more bytes after those of `crc`."""
    crc ^= 0xFFFFFFFF
    if len(data) < 4096 and not _WIDE:
        for byte in bytes(data):
            crc = (crc >> 8) ^ _BYTE[(crc ^ byte) & 0xFF]
        return crc ^ 0xFFFFFFFF
    table = _wide_table()
    whole = bytes(data)
    even = len(whole) & ~1
    for pair in memoryview(whole)[:even].cast('H'):
        crc = (crc >> 16) ^ table[(crc ^ pair) & 0xFFFF]
    if even < len(whole):
        crc = (crc >> 8) ^ _BYTE[(crc ^ whole[-1]) & 0xFF]
    return crc ^ 0xFFFFFFFF


def frame_crc(data, at, slots, position):
    """What the CRC field of a frame must have."""
    _wide_table()
    return crc32c(_position(position) + bytes(data[at:at + CRC]) + bytes(data[at + TIME:at + slots * SLOT])) or 1
