"""Memory-mapped journals, and strategies, in Python: the same files as the library for Node. See docs/python.md."""
from .definition import ascii, boolean, enum, f32, f64, frame, i8, i16, i32, i64, instrument, raw, text, u8, u16, u32, u64
from .errors import TicktapeError
from .frames import Frame
from .reader import Reader
from .strategy import Strategy
from .writer import Writer

__all__ = ['Frame', 'Reader', 'Strategy', 'TicktapeError', 'Writer', 'ascii', 'boolean', 'enum', 'f32', 'f64', 'frame', 'i16', 'i32', 'i64', 'i8', 'instrument',
           'raw', 'text', 'u16', 'u32', 'u64', 'u8']
