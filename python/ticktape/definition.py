"""Kinds of frames: their fields, where these lie, and how values are packed. The rules are those of `frame(...)` in the library for Node."""
import re
import struct
from collections import namedtuple

from .errors import FieldValueError, FrameDefinitionError
from .layout import LARGE_HEADER, MAX_SLOTS, MAX_TYPE, SLOT, SMALL_HEADER

#: By kind: the bytes, 0 where the definition says how many, and the letter of `struct`.
KINDS = {'u8': (1, 'B'), 'i8': (1, 'b'), 'u16': (2, 'H'), 'i16': (2, 'h'), 'u32': (4, 'I'), 'i32': (4, 'i'), 'u64': (8, 'Q'),
         'i64': (8, 'q'), 'f32': (4, 'f'), 'f64': (8, 'd'), 'bool': (1, 'B'), 'enum': (1, 'B'), 'instrument': (4, 'I'),
         'ascii': (0, 's'), 'text': (0, 's'), 'bytes': (0, 's')}
#: Kinds that came with format 2 of schema.json.
SECOND_FORMAT = {'text', 'instrument'}
_RESERVED = {'type', 'position', 'time', 'slots', 'cause', 'causeJournal', 'source', 'dest', 'sinceRoot', 'definition', 'is', 'toObject',
             'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', 'then'}
_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,63}\Z')

#: A kind with its size and the names of an enum. Made by the functions below.
Field = namedtuple('Field', 'kind size values')
#: Where a field lies: `size` in bytes, `offset` from the frame's start; `values` are the names of an enum, else None.
Place = namedtuple('Place', 'name kind size offset values')

u8, i8, u16, i16 = (Field(kind, KINDS[kind][0], None) for kind in ('u8', 'i8', 'u16', 'i16'))
u32, i32, u64, i64 = (Field(kind, KINDS[kind][0], None) for kind in ('u32', 'i32', 'u64', 'i64'))
f32, f64 = Field('f32', 4, None), Field('f64', 8, None)
#: One byte, 0 or 1.
boolean = Field('bool', 1, None)
#: The number of an instrument; frames also have its symbol. 0 means none.
instrument = Field('instrument', 4, None)


def ascii(size):
    """Text of at most `size` ASCII characters without NUL."""
    return _sized('ascii', size)


def text(size):
    """Text of at most `size` bytes of UTF-8 without NUL."""
    return _sized('text', size)


def raw(size):
    """`size` raw bytes; shorter values are padded with zeros. The kind `bytes`."""
    return _sized('bytes', size)


def enum(*values):
    """One of up to 256 names, stored as one byte: `enum('buy', 'sell')`."""
    if not 1 <= len(values) <= 256 or not all(isinstance(value, str) and value for value in values):
        raise FrameDefinitionError('enum takes 1 to 256 names that are not empty')
    if len(set(values)) != len(values):
        raise FrameDefinitionError(f"enum has a name twice: {', '.join(values)}")
    return Field('enum', 1, tuple(values))


def _sized(kind, size):
    if not isinstance(size, int) or not 1 <= size <= MAX_SLOTS * SLOT:
        raise FrameDefinitionError(f'{kind} takes a size of 1 to {MAX_SLOTS * SLOT} bytes, not {size!r}')
    return Field(kind, size, None)


def frame(name, id, fields, slots=1):
    """Defines a kind of frame: the same bytes as `frame(name, id, fields, { slots })` in the library for Node.

        Ticker = frame('Ticker', 1, {'symbol': ascii(16), 'last': f64, 'bid': f64, 'ask': f64, 'volume': f64})

    `id` is 1 to 65,535, the same for as long as a journal with such frames is kept. Raises FrameDefinitionError.
    """
    if not isinstance(slots, int) or not 1 <= slots <= MAX_SLOTS:
        raise FrameDefinitionError(f"frame '{name}' takes 1 to {MAX_SLOTS} slots, not {slots!r}")
    places, end = _lay_out(name, fields, SMALL_HEADER)
    if slots > 1 or end > SLOT:
        places, end = _lay_out(name, fields, LARGE_HEADER)
        slots = max(2, slots, -(-end // SLOT))
    if slots > MAX_SLOTS:
        raise FrameDefinitionError(f"frame '{name}' needs {end} bytes; the largest frame has {MAX_SLOTS * SLOT}")
    return Definition(name, id, slots, places)


def _lay_out(frame_name, fields, end):
    places = []
    for name, field in fields.items():
        if not isinstance(field, Field) or name == 'toJSON':
            raise FrameDefinitionError(f"field '{name}' of frame '{frame_name}' needs a kind such as f64, u32 or ascii(16)")
        align = 1 if KINDS[field.kind][1] == 's' else field.size
        offset = -(-end // align) * align
        places.append(Place(name, field.kind, field.size, offset, field.values))
        end = offset + field.size
    return places, end


def symbol_name(field):
    """What views call the symbol of an instrument field."""
    return 'symbol' if field == 'instrument' else field + 'Symbol'


def snake_case(name):
    """`venueTime` as Python writes it: venue_time. A name that is a word of Python gets an underscore behind it."""
    snake = re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).lower()
    return snake + '_' if snake in _PYTHON_WORDS else snake


_PYTHON_WORDS = {'and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del', 'elif', 'else', 'except', 'finally',
                 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass', 'raise', 'return', 'try',
                 'while', 'with', 'yield', 'none', 'true', 'false', 'count', 'index'}


class Definition:
    """A kind of frame. `fields` are its places, in the order in which they were declared."""

    def __init__(self, name, id, slots, fields):
        _check_name('a frame', name)
        if not isinstance(id, int) or not 1 <= id <= MAX_TYPE:
            raise FrameDefinitionError(f"frame '{name}' needs an id of 1 to {MAX_TYPE}, not {id!r}")
        names = [field.name for field in fields]
        for field in fields:
            _check_name(f"a field of frame '{name}'", field.name)
            if field.name in _RESERVED:
                raise FrameDefinitionError(f"frame '{name}' cannot have a field '{field.name}': every frame has that already")
            if field.kind == 'instrument' and symbol_name(field.name) in names:
                raise FrameDefinitionError(f"frame '{name}' cannot have a field '{symbol_name(field.name)}': views have the symbol there")
        if len(set(names)) != len(names):
            raise FrameDefinitionError(f"frame '{name}' has a field twice")
        self.name, self.id, self.slots, self.fields = name, id, slots, tuple(fields)
        self.size = slots * SLOT
        self.codec = struct.Struct(self._format())
        #: By the name in the schema: the name as Python writes it, where no two fields have the same.
        snakes = [snake_case(field) for field in names]
        self.snakes = {field: snake if snakes.count(snake) == 1 and (snake == field or snake not in names) else field
                       for field, snake in zip(names, snakes)}
        self._packers = [(field.name, self.snakes[field.name], _packer(field)) for field in fields]

    def __repr__(self):
        return f'<frame {self.name}, id {self.id}, {self.slots} slots>'

    @property
    def is_large(self):
        """Whether its frames have a cause, a source and a destination."""
        return self.slots > 1

    def _format(self):
        """For `struct`: the header, then the fields; what lies between is skipped."""
        text, end = ('<HBBIqQHHI', LARGE_HEADER) if self.slots > 1 else ('<HBBIq', SMALL_HEADER)
        # Fields may lie in any order in a schema, and in any place.
        self.order = sorted(range(len(self.fields)), key=lambda i: self.fields[i].offset)
        for i in self.order:
            field = self.fields[i]
            if field.offset < end:
                raise FrameDefinitionError(f"field '{field.name}' of frame '{self.name}' lies on another one")
            text += 'x' * (field.offset - end)
            text += f'{field.size}s' if KINDS[field.kind][1] == 's' else KINDS[field.kind][1]
            end = field.offset + field.size
        return text

    def values_of(self, given):
        """The values to pack, in the order of the codec. Names are those of the schema, or as Python writes them. Raises FieldValueError."""
        values = []
        for i in self.order:
            name, snake, pack = self._packers[i]
            if snake in given:
                value = given[snake]
            elif name in given:
                value = given[name]
            else:
                raise FieldValueError(f"{self.name} needs a '{snake}'")
            values.append(value if pack is None else pack(value))
        if len(given) != len(values):
            known = {name for pair in self.snakes.items() for name in pair}
            unknown = [name for name in given if name not in known]
            what = f"has no '{unknown[0]}'; it has {', '.join(self.snakes.values())}" if unknown else 'got a field under both of its names'
            raise FieldValueError(f'{self.name} {what}')
        return values

    def pack_into(self, data, at, flags, crc, time, cause, values):
        """Packs a frame. `cause` is (CAUSE, SOURCE, DEST, SINCE_ROOT) of a large frame. Raises FieldValueError."""
        try:
            if self.slots > 1:
                self.codec.pack_into(data, at, self.id, self.slots, flags, crc, time, *cause, *values)
            else:
                self.codec.pack_into(data, at, self.id, self.slots, flags, crc, time, *values)
        except (struct.error, OverflowError, TypeError) as error:
            raise FieldValueError(f'{self.name}: {self._refused(values, error)}') from None

    def _refused(self, values, error):
        """Which of the values cannot be packed."""
        for i, value in zip(self.order, values):
            field = self.fields[i]
            if KINDS[field.kind][1] == 's':
                continue
            try:
                struct.pack('<' + KINDS[field.kind][1], value)
            except (struct.error, OverflowError, TypeError):
                return f"'{self.snakes[field.name]}' is a {field.kind} and does not take {value!r}"
        return str(error)


def _check_name(what, name):
    if not isinstance(name, str) or _NAME.match(name) is None:
        raise FrameDefinitionError(f'{what} needs a name of 1 to 64 letters, digits and underscores that does not start with a digit, not {name!r}')


def _packer(field):
    """Makes what `struct` takes of a value; None where that is the value itself."""
    def refuse(value, takes):
        raise FieldValueError(f"'{field.name}' takes {takes}, not {value!r}")

    def pack_bool(value):
        return int(value) if value is True or value is False else refuse(value, 'True or False')

    def pack_bytes(value):
        data = bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else refuse(value, 'bytes')
        return data if len(data) <= field.size else refuse(value, f'at most {field.size} bytes')

    def pack_text(value):
        encoding = 'ascii' if field.kind == 'ascii' else 'utf-8'
        takes = f'a text of at most {field.size} bytes of {encoding.upper()} without NUL'
        try:
            data = value.encode(encoding)
        except (AttributeError, UnicodeEncodeError):
            return refuse(value, takes)
        return data if len(data) <= field.size and b'\0' not in data else refuse(value, takes)

    if field.kind == 'enum':
        codes = {value: code for code, value in enumerate(field.values)}
        return lambda value: codes[value] if isinstance(value, str) and value in codes else refuse(value, ', '.join(field.values))
    return {'bool': pack_bool, 'bytes': pack_bytes, 'ascii': pack_text, 'text': pack_text}.get(field.kind)
