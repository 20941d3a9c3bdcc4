"""Reads a journal: the reader's part of docs/format.md."""
import struct
import time

from . import layout as L
from .control import Control, Registration
from .directory import SCHEMA, Directory
from .errors import (ClosedError, CorruptJournalError, InvalidOptionError, JournalNotFoundError, JournalReplacedError,
                     PositionGoneError, ReaderBusyError)
from .frames import Frame, frame_class
from .instruments import read_instruments
from .page import Page
from .schema import Schema
from .system import boot_id

_CHECK_SECONDS = 1.0
_NAP_SECONDS = 0.002
_HEADER = L.HEADER
_MASK = 0xFFFFFF  # of a frame's first word: its type and its slots
#: Frames of which the schema says nothing have their header only.
_UNKNOWN = struct.Struct('<HBBIq')
WAITS = ('sleep', 'spin')


class Reader:
    """Reads a journal forward, from any position.

        with Reader('/dev/shm/quotes') as reader:
            for frame in reader:                 # what is there now
                print(frame.name, frame.position)
            for frame in reader.follow():        # without an end; see also `timeout` and `wait`
                ...

    `start` is 'start', 'end', or a position. With a `name` the reader is registered in the journal: `checkpoint()` stores its position, and the
    next reader of that name continues there. With `durable` it reads only what survives power loss.

    Raises JournalNotFoundError, CorruptJournalError, PositionGoneError, ReaderNameError, ReaderBusyError, and others of ticktape.errors.
    """

    def __init__(self, path, start='start', name=None, durable=False, patience=0.0):
        self._page = self._registration = self._control = None
        self._is_closed = False
        self._directory = Directory(path)
        try:
            self._open(start, name, durable, patience)
        except BaseException:
            self.close()
            raise

    def _open(self, start, name, durable, patience):
        directory = self._directory
        self.path = directory.path
        self._durable, self._boot = durable, boot_id()
        self._generation = 0
        self._check_at = time.monotonic() + _CHECK_SECONDS
        self._symbols = {}
        self._load_schema()
        numbers = self._pages()
        self._attach(Page(directory, numbers[0]), 0)
        self._control = Control.for_reader(directory)
        if name is not None:
            if self._control is None:
                raise JournalNotFoundError(f'{directory.path} has no control file, so no named readers', directory.path)
            self._registration = self._register(name, time.monotonic() + patience)
            if self._registration.position is not None:
                start = self._registration.position
        if start == 'end':
            self._seek_end()
        elif start != 'start':
            self.seek(start)

    def _register(self, name, end):
        while True:
            try:
                return Registration(self._control, name)
            except ReaderBusyError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.005)

    def _pages(self):
        numbers = self._directory.pages()
        if not numbers:
            raise JournalNotFoundError(f'{self._directory.path} has no page yet: it is no journal, or its first writer has not come so far',
                                       self._directory.path)
        return numbers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def journal_id(self):
        return self._page.journal_id

    @property
    def schema(self):
        """The definitions of the journal's frames, as far as they are known."""
        return self._schema

    @property
    def instruments(self):
        """The journal's instruments by number: the entries of its instruments.json."""
        if not self._is_closed:
            return read_instruments(self._directory)
        # A frame that was kept is asked for its symbol.
        directory = Directory(self.path)
        try:
            return read_instruments(directory)
        finally:
            directory.close()

    @property
    def position(self):
        """The position of the next frame."""
        page, slot = self._page, self._slot
        if page.sealed and slot == page.words[L.CURSOR >> 2]:
            return page.first + page.capacity
        return page.first + slot

    @property
    def lag(self):
        """Slots that are published and not yet read; of pages behind this one, as far as the writer's hint goes."""
        behind = self._page.cursor - self._slot
        if self._control is None or not self._page.sealed:
            return behind
        current = self._control.words[L.CURRENT_PAGE >> 2]
        return behind + max(0, current - self._page.number - 1) * self._page.capacity

    # Reading

    def __iter__(self):
        """The frames that are there now. `position` is behind the frame that was given last."""
        while self._available() > self._slot:
            page, slot, end, routes = self._page, self._slot, self._end, self._routes
            data, plain, first, generation = page.data, page.plain, page.first, self._generation
            new = tuple.__new__
            while slot < end:
                at = L.HEADER + (slot << 6)
                route = routes.get(plain[at >> 2] & _MASK)
                if route is None or slot + route[2] > end:
                    route = self._route(slot, end)
                    routes = self._routes
                cls, unpack, slots = route
                frame = new(cls, (first + slot, *unpack(data, at)))
                slot += slots
                self._slot = slot
                yield frame
                if self._generation != generation:
                    break

    def batch(self, limit=1024):
        """A list of the frames that are there now, so many at most; empty when there are none."""
        frames = []
        for frame in self:
            frames.append(frame)
            if len(frames) >= limit:
                break
        return frames

    def poll(self, handlers, limit=1024, done=None, until=None, ages=None):
        """Calls the handler of each frame that is there now, so many frames at most. Returns how many there were.

        `handlers` has functions by the names of frames; frames of other names are passed over. This is the fastest way to read.
        """
        end = self._available()
        page = self._page
        slot, first = self._slot, page.first
        if until is not None:
            end = min(end, until - first)
        if end <= slot:
            return 0
        known, routes = self._handled
        if known is not handlers:
            routes = self._handle(handlers)
        data, plain, generation, new = page.data, page.plain, self._generation, tuple.__new__
        now = time.time_ns()
        count = 0
        while count < limit and slot < end:
            at = _HEADER + (slot << 6)
            route = routes.get(plain[at >> 2] & _MASK)
            if route is None or slot + route[2] > end:
                cls, unpack, slots = self._route(slot, end)
                # The schema may have been read again.
                routes = self._handled[1] if self._handled[0] is handlers else self._handle(handlers)
                name = '' if cls.definition is None else cls.definition.name
                route = routes[plain[at >> 2] & _MASK] = cls, unpack, slots, handlers.get(name)
            cls, unpack, slots, handle = route
            position = first + slot
            slot += slots
            self._slot = slot
            count += 1
            if handle is None:
                continue
            frame = new(cls, (position, *unpack(data, at)))
            if ages is not None:
                ages.record(now - frame.time)
                ages = None  # of the first frame only: the others have waited for it
            handle(frame)
            if done is not None:
                done(first + slot, now)
            if self._generation != generation:
                break
        return count

    def _handle(self, handlers):
        self._handled = handlers, {}
        return self._handled[1]

    def next(self):
        """The next frame; None when there is none yet."""
        for frame in self:
            return frame
        return None

    def follow(self, wait='sleep', timeout=None):
        """The frames that are there, then each new one when it is published.

        `wait` is 'sleep' (until the writer wakes it) or 'spin' (checks without a pause, and takes a core). It ends after `timeout` seconds
        without a frame; without one it never ends.
        """
        if wait not in WAITS:
            raise InvalidOptionError(f"'wait' takes 'sleep' or 'spin', not {wait!r}")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            for frame in self:
                yield frame
                if timeout is not None:
                    end = time.monotonic() + timeout
            left = _CHECK_SECONDS if end is None else end - time.monotonic()
            if left <= 0:
                return
            if wait == 'sleep':
                self.wait(min(left, _CHECK_SECONDS))

    def wait(self, seconds):
        """Sleeps until there may be frames, so long at most. Returns whether there are."""
        end = time.monotonic() + seconds
        while self._available() == self._slot:
            left = end - time.monotonic()
            if left <= 0:
                return False
            if self._control is None or not self._control.sleep(self._has_frames, min(left, _CHECK_SECONDS)):
                time.sleep(min(left, _NAP_SECONDS))
        return True

    def _has_frames(self):
        return self._available() > self._slot

    def _available(self):
        """The slot up to which frames can be read on the current page. Continues on the next page when this one is over."""
        if self._is_closed:
            raise ClosedError(f'the reader of {self.path} is closed', self.path)
        while True:
            page = self._page
            end = page.words[self._limit]
            if self._slot < end <= page.capacity:
                self._end = end
                return end
            # The seal first: the cursor of a sealed page does not move any more.
            sealed = page.sealed
            cursor = page.cursor
            end = min(cursor, page.words[self._limit])
            if cursor < self._slot:
                raise CorruptJournalError(f'the cursor of {page.path} went back to slot {cursor}, frames up to {self._slot} have been read',
                                          page.path, page.first + self._slot)
            self._end = max(end, self._slot)
            if end > self._slot:
                return end
            if not sealed:
                if time.monotonic() > self._check_at:
                    self._check_identity()
                return self._slot
            if self._slot < cursor:
                return self._slot
            self._attach(self._open_after(page), 0)

    def _attach(self, page, slot):
        old = self._page
        self._page, self._slot = page, slot
        # Frames of another boot of the machine above the durable cursor may be damaged, before a writer has recovered the journal.
        in_doubt = page.checked and page.boot_id != self._boot
        self._limit = (L.DURABLE if self._durable or in_doubt else L.CURSOR) >> 2
        if old is not None and old is not page:
            old.close()

    def _open_after(self, page):
        try:
            following = Page(self._directory, page.number + 1)
        except JournalNotFoundError:
            raise self._gone(page.first + page.capacity, page.capacity) from None
        if following.capacity != page.capacity:
            following.close()
            raise CorruptJournalError(f'{following.path} does not have the size of the page before it', following.path)
        return following

    def _gone(self, position, capacity):
        if not self._directory.is_at_path():
            return JournalReplacedError(f'the journal {self.path} was removed or replaced while it was read; open another reader', self.path)
        later = [number for number in self._directory.pages() if number * capacity >= position]
        if not later:
            return CorruptJournalError(f"the page with position {position} of {self.path} is missing; run 'ticktape verify'", self.path, position)
        first = later[0] * capacity
        return PositionGoneError(f'position {position} of {self.path} was removed by retention; the first one that exists is {first}: seek to it',
                                 first, self.path, position)

    def _check_identity(self):
        """A page that is no longer at its path gets no more frames."""
        self._check_at = time.monotonic() + _CHECK_SECONDS
        page = self._page
        if not self._directory.is_at_path() or not self._directory.holds(L.page_name(page.number), page.file.identity):
            raise JournalReplacedError(f'{page.path} is no longer the file that is being read: the journal was removed or replaced; open another '
                                       'reader', page.path, page.first + self._slot)
        in_file = Page(self._directory, page.number)
        # On overlayfs the mapping may be of an older copy of the file. The file is loaded first: the mapping cannot be behind it.
        ahead = any(in_file.words[at >> 2] > page.words[at >> 2] for at in (L.CURSOR, L.SEALED, L.DURABLE))
        in_file.close()
        if ahead:
            raise JournalReplacedError(f'{page.path} has frames that do not appear in the memory mapped from it (overlayfs copies a file when a '
                                       'writer opens it); open another reader', page.path, page.first + self._slot)

    # Definitions

    def _route(self, slot, end):
        """How the frame at a slot is read: its class, its unpacker and its slots."""
        page = self._page
        slots = page.check_frame(slot, end)
        word = page.plain[(L.HEADER + slot * L.SLOT) >> 2] & _MASK
        route = self._routes.get(word)
        if route is not None:
            return route
        type_id = word & 0xFFFF
        if type_id not in self._schema.by_id:
            self._load_schema()
        definition = self._schema.by_id.get(type_id)
        if definition is None:
            route = (Frame, _UNKNOWN.unpack_from, slots)
        elif definition.slots != slots:
            raise CorruptJournalError(f'the frame at position {page.first + slot} of {page.path} has {slots} slots, but a {definition.name} has '
                                      f'{definition.slots}', page.path, page.first + slot)
        else:
            route = (self.class_of(definition.name), definition.codec.unpack_from, slots)
        self._routes[word] = route
        return route

    def class_of(self, name):
        """The class of the frames of a name: for isinstance, which is faster than to compare names. Raises SchemaMismatchError."""
        cls = self._classes.get(name)
        if cls is None:
            cls = self._classes[name] = frame_class(self._schema[name], self.path, self.symbol, self._later_name)
        return cls

    def _later_name(self, frame, field, code):
        """A newer program may have added names to an enum, so the schema is read again for a value without one."""
        def name():
            definition = self._schema.by_name.get(frame)
            names = next((one.values for one in definition.fields if one.name == field), None) if definition else None
            return names[code] if names and code < len(names) else None
        found = name()
        if found is None and not self._is_closed:
            self._load_schema()
            found = name()
        return found

    def _load_schema(self):
        signature = self._directory.stat(SCHEMA)
        signature = None if signature is None else (signature.st_ino, signature.st_size, signature.st_mtime_ns)
        if getattr(self, '_signature', False) == signature:
            return
        self._signature = signature
        self._schema = Schema.read(self._directory)
        # Known classes stay, so that frames of one definition have one class. Unknown frames are asked again.
        self._classes = {name: cls for name, cls in getattr(self, '_classes', {}).items()
                         if cls.definition.fields == self._schema.by_name[name].fields}
        self._routes, self._handled = {}, (None, {})

    def symbol(self, number):
        """The symbol of an instrument; '' for 0, '#' and the number for one that the journal does not name."""
        symbol = self._symbols.get(number)
        if symbol is None:
            if number == 0:
                return ''
            entry = self.instruments.get(number)
            if entry is None:
                return f'#{number}'
            symbol = self._symbols[number] = entry['symbol']
        return symbol

    # Seeking

    def seek(self, position):
        """Continues at a position: the frame that begins there, or the next one. Raises PositionGoneError, InvalidOptionError."""
        if not isinstance(position, int) or isinstance(position, bool) or position < 0:
            raise InvalidOptionError(f'a position is a whole number from 0 on, not {position!r}')
        self._available_page(position)
        page, slot = self._page, position - self._page.first
        self._generation += 1
        cursor = page.cursor
        if slot > cursor:
            if not page.sealed:
                raise InvalidOptionError(f'position {position} is after the end of {self.path}', self.path, position)
            self._slot = cursor
            return
        found = page.mark_before(slot, cursor)
        while found < slot:
            found += page.check_frame(found, cursor)
        self._slot = found

    def _available_page(self, position):
        """Attaches the page of a position. A page behind one that is not sealed is only prepared: then it is the one before."""
        capacity = self._page.capacity
        number = position // capacity
        if number > 0 and position % capacity == 0 and not self._is_sealed(number - 1):
            before = Page(self._directory, number - 1)
            if before.cursor == capacity:
                self._attach(before, 0)
                return
            before.close()
        if number == self._page.number:
            return
        try:
            page = Page(self._directory, number)
        except JournalNotFoundError:
            if number > self._pages()[-1]:
                raise InvalidOptionError(f'position {position} is after the end of {self.path}', self.path, position) from None
            raise self._gone(position, capacity) from None
        self._attach(page, 0)

    def seek_time(self, ns):
        """Continues at the first frame with this time (ns since 1970) or a later one; at the end when there is none."""
        numbers = self._pages()
        low, high = 0, len(numbers) - 1
        # The last page that begins before the time.
        while low < high:
            middle = (low + high + 1) // 2
            page = Page(self._directory, numbers[middle])
            begins = page.frame_time(0) if page.cursor > 0 else None
            page.close()
            if begins is None or begins >= ns:
                high = middle - 1
            else:
                low = middle
        self._attach(Page(self._directory, numbers[low]), 0)
        self._generation += 1
        while self._available() > self._slot:
            page, end = self._page, self._end
            for slot in page.walk(self._start_in(page, ns, end), end):
                if page.frame_time(slot) >= ns:
                    self._slot = slot
                    return
            self._slot = end

    def _start_in(self, page, ns, end):
        """A frame of the page from which on to search: by its marks."""
        stride = L.stride_of(page.size)
        low, high = 0, min((end - 1) // stride, L.MARK_COUNT - 1)
        while low < high:
            middle = (low + high + 1) // 2
            slot = page.mark_before(min(middle * stride + stride - 1, end - 1), end)
            if page.frame_time(slot) < ns:
                low = middle
            else:
                high = middle - 1
        slot = page.mark_before(min(low * stride + stride - 1, end - 1), end)
        return slot if page.frame_time(slot) < ns else 0

    def _seek_end(self):
        for number in reversed(self._pages()):
            page = Page(self._directory, number)
            self._attach(page, page.cursor)
            # A page behind one that is not sealed is only prepared.
            if page.cursor > 0 or number == 0 or self._is_sealed(number - 1):
                return

    def _is_sealed(self, number):
        try:
            before = Page(self._directory, number)
        except JournalNotFoundError:
            return True
        sealed = before.sealed
        before.close()
        return sealed

    def frame_before(self, position):
        """The last frame before a position; None when there is none. Continues behind it."""
        for number in reversed(self._pages()):
            first = number * self._page.capacity
            if first >= position:
                continue
            with _Opened(self._directory, number) as page:
                end, last = min(page.cursor, position - first), None
                for last in page.walk(page.mark_before(max(0, end - 1), end), end):
                    pass
            if last is not None:
                self.seek(first + last)
                return self.next()
        return None

    def positions_of(self, type_id):
        """The positions of all frames of a type, the last one first."""
        for number in reversed(self._pages()):
            try:
                opened = _Opened(self._directory, number)
            except JournalNotFoundError:
                # Retention removes the first pages: those before it are gone too.
                if number < self._pages()[0]:
                    return
                raise
            with opened as page:
                found = [slot for slot in page.walk(0, page.cursor) if page.plain[(_HEADER + slot * L.SLOT) >> 2] & 0xFFFF == type_id]
            for slot in reversed(found):
                yield number * self._page.capacity + slot

    # Named readers

    def checkpoint(self):
        """Stores the position, where the next reader of this name continues. Raises InvalidOptionError for a reader without a name."""
        if self._registration is None:
            raise InvalidOptionError(f'the reader of {self.path} has no name, so it has no checkpoint')
        self._registration.store(self.position, time.time_ns())

    @property
    def store_position(self):
        """For a reader with a name: stores a position behind a frame that was read, and the time, without asking the system for either."""
        return self._registration.store

    def close(self):
        if self._is_closed:
            return
        self._is_closed = True
        if self._registration is not None:
            self._registration.release()
        for part in (self._control, self._page, self._directory):
            if part is not None:
                part.close()


class _Opened:
    """A page that is closed at the end of a block."""

    def __init__(self, directory, number):
        self._page = Page(directory, number)

    def __enter__(self):
        return self._page

    def __exit__(self, *_):
        self._page.close()
