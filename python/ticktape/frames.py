"""Frames as Python objects: a class for each definition of a journal. A frame is a copy, so it may be kept."""
from operator import itemgetter

from .definition import symbol_name, snake_case
from .errors import CorruptJournalError
from .layout import CAUSE_BITS, CAUSE_MASK, HAS_CAUSE

#: Where header fields are in a frame's tuple; fields follow.
_SMALL, _LARGE = 6, 10


class Frame(tuple):
    """One frame. Its fields are properties, under the name of the schema and as Python writes it: `venueTime` and `venue_time`.

    `position` names it in its journal, `time` is in ns since 1970. `cause` is the position of the frame that led to it, and `cause_journal` the
    number of that one's journal; both are None where there is none, and in frames of one slot, which also have no `source` and `dest`.
    """

    __slots__ = ()
    definition = None
    position = property(itemgetter(0))
    type = property(itemgetter(1))
    slots = property(itemgetter(2))
    flags = property(itemgetter(3))
    time = property(itemgetter(5))
    cause = cause_journal = None
    source = dest = since_root = 0

    @property
    def name(self):
        """The name of its definition; '' for one that the schema does not have. A field of that name takes its place."""
        return '' if self.definition is None else self.definition.name

    def to_dict(self):
        """The fields, by their names in the schema."""
        return {} if self.definition is None else {field.name: getattr(self, field.name) for field in self.definition.fields}

    def __repr__(self):
        fields = ''.join(f' {name}={value!r}' for name, value in Frame.to_dict(self).items())
        return f"<{self.definition.name if self.definition else f'type {self.type}'} at {self.position}{fields}>"


class _Large(Frame):
    __slots__ = ()
    source = property(itemgetter(7))
    dest = property(itemgetter(8))
    since_root = property(itemgetter(9))

    @property
    def cause(self):
        return tuple.__getitem__(self, 6) & CAUSE_MASK if tuple.__getitem__(self, 3) & HAS_CAUSE else None

    @property
    def cause_journal(self):
        return tuple.__getitem__(self, 6) >> CAUSE_BITS if tuple.__getitem__(self, 3) & HAS_CAUSE else None


def frame_class(definition, path, symbol_of, later_name):
    """The class of a definition's frames.

    `symbol_of` says the symbol of an instrument's number. `later_name` says the name of an enum's value that the definition has none for, of a
    frame's name, a field's name and the value; None when the journal has still none.
    """
    first = _LARGE if definition.is_large else _SMALL
    members = {'__slots__': (), 'definition': definition}
    for index, i in enumerate(definition.order, first):
        field = definition.fields[i]
        member = _property_of(field, index, path, lambda code, field=field.name: later_name(definition.name, field, code))
        members[field.name] = members[definition.snakes[field.name]] = member
        if field.kind == 'instrument':
            symbol = _symbol_property(index, symbol_of)
            members[symbol_name(field.name)] = members[snake_case(symbol_name(field.name))] = symbol
    return type(definition.name, (_Large if definition.is_large else Frame,), members)


def _symbol_property(index, symbol_of):
    get = tuple.__getitem__
    return property(lambda frame: symbol_of(get(frame, index)))


def _property_of(field, index, path, later_name):
    get = tuple.__getitem__

    def damaged(frame, what):
        return CorruptJournalError(
            f"'{field.name}' of the frame at position {frame.position} of {path} {what}; run 'ticktape verify'", path, frame.position)
    if field.kind == 'enum':
        values, count = field.values, len(field.values)

        def read_enum(frame):
            code = get(frame, index)
            if code < count:
                return values[code]
            name = later_name(code)
            if name is None:
                raise damaged(frame, f'has the value {code}, which has no name')
            return name
        return property(read_enum)
    if field.kind == 'bool':
        return property(lambda frame: get(frame, index) != 0)
    if field.kind in ('ascii', 'text'):
        encoding = 'ascii' if field.kind == 'ascii' else 'utf-8'

        def read_text(frame):
            try:
                return get(frame, index).split(b'\0', 1)[0].decode(encoding)
            except UnicodeDecodeError:
                raise damaged(frame, f'is not {encoding.upper()}') from None
        return property(read_text)
    # A getter in C: numbers, and bytes as they are.
    return property(itemgetter(index))
