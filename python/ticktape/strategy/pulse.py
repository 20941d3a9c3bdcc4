"""The signs of life of a strategy's process: its cell in the desk's table (docs/strategy-protocol.md)."""
import time

from ..system import MappedFile

_HEADER, _CELL, _BEATS, _POSITION, _HANDLED, _TIME = 4096, 256, 128, 136, 144, 192


class Pulse:
    def __init__(self, path, cell):
        file = MappedFile(path, True)
        at = _HEADER + cell * _CELL
        self.words, self.floats, self._longs = file.words, file.data.cast('d'), file.longs
        self._file = file
        self.beats_at, self.position_at = (at + _BEATS) >> 2, (at + _POSITION) >> 3
        self._handled_at, self._time_at = (at + _HANDLED) >> 3, (at + _TIME) >> 3
        self.count = 0

    def beat(self, position):
        """A frame was handled, or it lives at least: the next one is at `position`."""
        self.floats[self.position_at] = position
        self.count = self.count + 1 & 0xFFFFFFFF
        self.words[self.beats_at] = self.count

    def tell(self, position, handled, sent, lag, ages):
        for i, value in enumerate((handled, sent, lag, *ages)):
            self.floats[self._handled_at + i] = value
        self._longs[self._time_at] = time.time_ns()
        self.beat(position)
