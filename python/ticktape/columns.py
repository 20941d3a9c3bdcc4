"""Frames as numpy arrays, where numpy is installed. Nothing else needs it."""
from . import layout as L
from .errors import InvalidOptionError
from .reader import Reader

_TYPES = {'u8': 'u1', 'i8': 'i1', 'u16': '<u2', 'i16': '<i2', 'u32': '<u4', 'i32': '<i4', 'u64': '<u8', 'i64': '<i8', 'f32': '<f4',
          'f64': '<f8', 'bool': '?', 'enum': 'u1', 'instrument': '<u4'}


def arrays(path, name, start='start'):
    """The frames of one name that are there now: for each page that has some, their positions and a structured array.

        for positions, tickers in arrays('/dev/shm/quotes', 'Ticker'):
            print(tickers['last'].mean())          # pandas.DataFrame(tickers) is a table

    The array has the fields of the definition, before them `time` (ns since 1970), and in frames of two slots and more `cause` (journal * 2^48 +
    position), `source` and `dest`. Of a page that has no other frames it is the mapped memory itself: nothing is copied, and it cannot be
    written. Enums are their numbers, texts are bytes. Raises as Reader, and InvalidOptionError without numpy.
    """
    numpy = _numpy()
    with Reader(path, start) as reader:
        definition = reader.schema[name]
        dtype = _dtype(numpy, definition)
        while True:
            end = reader._available()
            page, slot = reader._page, reader._slot
            if end == slot:
                return
            found = _of_page(numpy, page, slot, end, definition, dtype)
            reader._slot = end
            if len(found[0]) > 0:
                yield found


def _numpy():
    try:
        import numpy
    except ImportError as error:
        raise InvalidOptionError('arrays() needs numpy: pip install numpy') from error
    return numpy


def _dtype(numpy, definition):
    names, formats, offsets = ['time'], ['<i8'], [L.TIME]
    if definition.is_large:
        names += ['cause', 'source', 'dest']
        formats += ['<u8', '<u2', '<u2']
        offsets += [L.CAUSE, L.SOURCE, L.DEST]
    for field in definition.fields:
        names.append(field.name)
        formats.append(_TYPES.get(field.kind) or (f'V{field.size}' if field.kind == 'bytes' else f'S{field.size}'))
        offsets.append(field.offset)
    return numpy.dtype({'names': names, 'formats': formats, 'offsets': offsets, 'itemsize': definition.size})


def _of_page(numpy, page, slot, end, definition, dtype):
    begin, count = L.HEADER + slot * L.SLOT, end - slot
    starts = _starts(numpy, page, begin, count)
    words = numpy.frombuffer(page.file.memory, '<u4', count * 16, begin)[::16]
    own = starts[words[starts] & 0xFFFFFF == (definition.id | definition.slots << 16)]
    positions = own.astype('u8') + (page.first + slot)
    if len(own) * definition.slots == count:
        return positions, numpy.frombuffer(page.file.memory, dtype, len(own), begin)
    # Between others: those that are wanted are copied, if they are complete.
    own = own[own + definition.slots <= count]
    slots = numpy.frombuffer(page.file.memory, f'V{L.SLOT}', count, begin)
    frames = slots[(own[:, None] + numpy.arange(definition.slots)).ravel()].view(dtype)
    return positions[:len(own)], frames


def _starts(numpy, page, begin, count):
    """The slots at which frames begin. Each frame says where the next one begins: the steps are doubled until all are known."""
    sizes = numpy.frombuffer(page.file.memory, 'u1', count * L.SLOT, begin)[2::L.SLOT]
    if (sizes == 1).all():
        return numpy.arange(count)
    # A damaged size must not lead back or outside.
    step = numpy.append(numpy.minimum(numpy.arange(count) + numpy.maximum(sizes, 1), count), count)
    starts = numpy.zeros(1, dtype=step.dtype)
    while True:
        merged = numpy.union1d(starts, step[starts])
        if len(merged) == len(starts):
            return starts[starts < count]
        starts, step = merged, step[step]
