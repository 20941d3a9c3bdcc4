"""The definitions of a journal: its schema.json. The text is not trusted."""
import hashlib
import json

from .definition import KINDS, SECOND_FORMAT, Definition, Place
from .directory import SCHEMA
from .errors import CorruptJournalError, FrameDefinitionError, SchemaMismatchError
from .layout import LARGE_HEADER, MAX_SLOTS, SLOT, SMALL_HEADER

_MOST_BYTES = 64 * 1024 * 1024


class Schema:
    def __init__(self, definitions=()):
        self.definitions = list(definitions)
        self.by_id = {definition.id: definition for definition in self.definitions}
        self.by_name = {definition.name: definition for definition in self.definitions}

    def __getitem__(self, name):
        try:
            return self.by_name[name]
        except KeyError:
            raise SchemaMismatchError(f"there is no frame '{name}'; there are: {', '.join(self.by_name) or 'none'}") from None

    @classmethod
    def read(cls, directory):
        """Of a journal; empty when it has none yet. Raises CorruptJournalError."""
        data = directory.read(SCHEMA, _MOST_BYTES)
        return cls() if data is None else cls.parse(data, f'{directory.path}/{SCHEMA}')

    @classmethod
    def parse(cls, data, path):
        try:
            return cls(_parse(json.loads(data.decode('utf-8'))))
        except (ValueError, FrameDefinitionError, RecursionError) as error:
            raise CorruptJournalError(f"{path} is not a schema: {error}; run 'ticktape repair'", path) from error

    def text(self):
        """The contents of schema.json."""
        later = any(field.kind in SECOND_FORMAT for definition in self.definitions for field in definition.fields)
        frames = [_plain(definition) for definition in self.definitions]
        return json.dumps({'format': 2 if later else 1, 'frames': frames}, indent=2, ensure_ascii=False) + '\n'

    def hash(self):
        """LAYOUT_HASH of a page that is created now."""
        frames = [_plain(definition) for definition in self.definitions]
        # As JSON.stringify writes it; half of a surrogate pair, which only an enum can have, is escaped there.
        text = json.dumps(frames, separators=(',', ':'), ensure_ascii=False)
        return hashlib.sha256(text.encode('utf-8', 'backslashreplace')).digest()[:8]

    def match(self, definition, path):
        """The journal's definition, with the names that the program adds at the ends of enums; None when it has none of this id yet.

        Raises SchemaMismatchError for another one.
        """
        known = self.by_id.get(definition.id)
        if known is None:
            other = self.by_name.get(definition.name)
            if other is not None:
                raise SchemaMismatchError(f"frame '{definition.name}' has id {other.id} in {path} and {definition.id} in the program", path)
            return None
        mine, theirs = _plain(definition), _plain(known)
        if mine == theirs:
            return known
        named = _with_all_names(known, definition)
        if named is not None:
            return named
        differences = [name for name in ('name', 'slots') if mine[name] != theirs[name]]
        fields = {field['name']: field for field in theirs['fields']}
        differences += [field['name'] for field in mine['fields'] if fields.pop(field['name'], None) != field]
        raise SchemaMismatchError(
            f"frame id {definition.id} has another definition in {path}: {', '.join(differences + list(fields)) or 'the order of its fields'} "
            'differ. Give the changed frame a new id, or use another journal', path)


def _with_all_names(journal, program):
    """The definition with the longer list of names of each enum; None when the two differ otherwise."""
    if (journal.name, journal.slots, len(journal.fields)) != (program.name, program.slots, len(program.fields)):
        return None
    fields = []
    for ours, theirs in zip(journal.fields, program.fields):
        names, others = ours.values or (), theirs.values or ()
        common = min(len(names), len(others))
        if ours._replace(values=None) != theirs._replace(values=None) or names[:common] != others[:common]:
            return None
        fields.append(ours if len(names) >= len(others) else theirs)
    return journal if fields == list(journal.fields) else Definition(journal.name, journal.id, journal.slots, fields)


def _plain(definition):
    """As JSON has it: these keys, in this order."""
    fields = []
    for field in definition.fields:
        plain = {'name': field.name, 'kind': field.kind, 'size': field.size, 'offset': field.offset}
        fields.append(plain if field.values is None else {**plain, 'values': list(field.values)})
    return {'name': definition.name, 'id': definition.id, 'slots': definition.slots, 'fields': fields}


def _parse(value):
    _need(isinstance(value, dict), 'it is not an object')
    _need(value.get('format') in (1, 2) and value['format'] is not True, f"it has format {value.get('format')!r}, this library reads 1 and 2")
    _need(isinstance(value.get('frames'), list), "it has no list 'frames'")
    definitions = [_parse_frame(frame) for frame in value['frames']]
    _need(len({one.id for one in definitions}) == len(definitions), 'two frames have the same id')
    _need(len({one.name for one in definitions}) == len(definitions), 'two frames have the same name')
    later = any(field.kind in SECOND_FORMAT for one in definitions for field in one.fields)
    _need(value['format'] == (2 if later else 1), f"it has format {value['format']}, but the kinds of the other one")
    return definitions


def _parse_frame(value):
    _need(isinstance(value, dict), 'a frame is not an object')
    name, slots = value.get('name'), value.get('slots')
    _need(_is_whole(slots) and 1 <= slots <= MAX_SLOTS, f'frame {name!r} takes {slots!r} slots')
    _need(isinstance(value.get('fields'), list), f"frame {name!r} has no list 'fields'")
    _need(_is_whole(value.get('id')), f'frame {name!r} has no id')
    start = SMALL_HEADER if slots == 1 else LARGE_HEADER
    return Definition(name, value['id'], slots, [_parse_field(name, field, start, slots * SLOT) for field in value['fields']])


def _parse_field(frame, value, start, end):
    _need(isinstance(value, dict), f'a field of frame {frame!r} is not an object')
    name, kind, size, offset, values = (value.get(key) for key in ('name', 'kind', 'size', 'offset', 'values'))
    what = f'field {name!r} of frame {frame!r}'
    _need(isinstance(kind, str) and kind in KINDS, f'{what} has an unknown kind ({kind!r})')
    fixed = KINDS[kind][0]
    _need(_is_whole(size) and size >= 1 and fixed in (0, size), f'{what} has size {size!r}')
    _need(_is_whole(offset) and start <= offset <= end - size and (fixed == 0 or offset % fixed == 0),
          f'{what} lies at {offset!r}, outside of its frame or misaligned')
    if kind != 'enum':
        return Place(name, kind, size, offset, None)
    _need(isinstance(values, list) and 1 <= len(values) <= 256 and all(isinstance(one, str) and one for one in values),
          f'{what} has no list of names')
    return Place(name, kind, size, offset, tuple(values))


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _need(condition, problem):
    if not condition:
        raise FrameDefinitionError(problem)
