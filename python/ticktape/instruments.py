"""What the numbers of instruments mean in a journal: its instruments.json. The text is not trusted."""
import json
import math
import re

from .directory import INSTRUMENTS
from .errors import CorruptJournalError, InstrumentMismatchError, InvalidOptionError

_MOST_BYTES = 64 * 1024 * 1024
_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff]')


def read_instruments(directory):
    """The entries by number; none when there is no file. Raises CorruptJournalError."""
    data = directory.read(INSTRUMENTS, _MOST_BYTES)
    if data is None:
        return {}
    path = f'{directory.path}/{INSTRUMENTS}'

    def bad(what):
        return CorruptJournalError(f"{path} {what}; run 'ticktape repair'", path)
    try:
        value = json.loads(data.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise bad(f'is not JSON: {error}') from error
    if not isinstance(value, dict) or value.get('format') != 1 or not isinstance(value.get('instruments'), list):
        raise bad('is not a list of instruments of format 1')
    entries = {}
    for entry in value['instruments']:
        problem = _problem_of(entry)
        if problem is not None:
            raise bad(f'has an entry that {problem}: {entry!r:.200}')
        if entry['number'] in entries:
            raise bad(f"has the number {entry['number']} twice")
        entries[entry['number']] = entry
    return entries


def with_entries(known, entries, path):
    """All of `known`, and these. Raises InvalidOptionError and InstrumentMismatchError."""
    result = dict(known)
    for entry in entries:
        problem = _problem_of(entry)
        if problem is not None:
            raise InvalidOptionError(f'an instrument {problem}: {entry!r:.200}', path)
        number = entry['number']
        ordered = {'number': number, 'venue': entry['venue'], 'symbol': entry['symbol'], **entry}
        if number in result and result[number] != ordered:
            raise InstrumentMismatchError(f'instrument {number} has other terms in {path}. Give changed terms a new number', path)
        result.setdefault(number, ordered)
    return result


def instruments_text(entries):
    """The contents of instruments.json: one line for each entry."""
    lines = ','.join('\n    ' + json.dumps(entry, ensure_ascii=False, separators=(',', ':')) for entry in entries.values())
    return '{\n  "format": 1,\n  "instruments": [' + lines + ('\n  ' if lines else '') + ']\n}\n'


def _problem_of(entry):
    if not isinstance(entry, dict):
        return 'is not an object'
    number = entry.get('number')
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 2**32 - 1:
        return "needs a 'number' from 1 to 2^32 - 1"
    for name in ('symbol', 'venue'):
        value = entry.get(name)
        if not isinstance(value, str) or not value or _CONTROL.search(value) or len(value.encode()) > 255:
            return f"needs a '{name}' of 1 to 255 bytes of UTF-8 without control characters"
    for key, value in entry.items():
        if not isinstance(key, str) or not (value is None or isinstance(value, (str, bool, int, float))) or (
                isinstance(value, float) and not math.isfinite(value)):
            return f"has something else than text, a finite number, true, false or null in '{key}'"
    return None
