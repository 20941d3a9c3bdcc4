"""Writes a journal: the writer's part of docs/format.md."""
import errno
import fcntl
import json
import os
import platform
import threading
import time
from contextlib import contextmanager

from . import layout as L
from .control import Control, clamp_readers
from .definition import Definition
from .directory import INSTRUMENTS, LOCK, REPLICA, SCHEMA, Directory
from .errors import (ClosedError, InvalidOptionError, InvalidStateError, JournalFullError, JournalReplacedError, NotAJournalError, ReplicaError,
                     SyncFailedError, UnsupportedPlatformError, WriterLockedError)
from .frames import Frame
from .instruments import instruments_text, read_instruments, with_entries
from .page import Page, create_page
from .recovery import catch_up, make_durable, recover
from .schema import Schema
from .system import barrier, boot_id, process_start, register_barrier, try_for

#: The variable of a process that must not change what others see, such as a replay: the directory that it writes into instead.
PRIVATE = 'TICKTAPE_PRIVATE'
DURABILITIES = ('process', 'interval')
_SYNC_SECONDS = 0.05
_CHECK_NS = 500_000_000
_NO_CAUSE = (0, 0, 0, 0)


class Writer:
    """The one writer of a journal. Creates it if there is none, and recovers it after a crash.

        Ticker = frame('Ticker', 1, {'symbol': ascii(16), 'last': f64, 'bid': f64, 'ask': f64, 'volume': f64})
        with Writer('/dev/shm/quotes') as writer:
            writer.write(Ticker, symbol='BTC-USDT', last=61800.2, bid=61800.2, ask=61800.3, volume=3)

    `page_size` is in bytes (default 16 MiB, or what the journal has). `durability` is 'process', or 'interval': with checksums, synced every
    50 ms by a thread; these take some microseconds of Python for each frame. Default: what the journal has, 'process' for a new one. One thread
    of a program writes.

    Raises WriterLockedError when it has a writer (after `patience` seconds), RecoveryRefusedError, CorruptJournalError, NotAJournalError,
    JournalFullError, InvalidOptionError, SchemaMismatchError.
    """

    def __init__(self, path, frames=(), page_size=None, durability=None, journal_id=None, mode=0o600, patience=0.0):
        _check_options(page_size, durability, journal_id)
        if not register_barrier():
            raise UnsupportedPlatformError('this system refuses membarrier, so frames could be published after a look for sleepers; '
                                           'write this journal with the library for Node')
        self._lock = -1
        self._page = self._control = self._syncer = None
        self._is_closed = False
        private = os.environ.get(PRIVATE)
        if private:
            path = os.path.join(private, os.path.abspath(os.fspath(path)).lstrip('/'))
        self._directory = Directory(path, (mode | (mode & 0o444) >> 2))
        self._mode = mode
        self.path = self._directory.path
        try:
            self._open(page_size, durability, journal_id, patience)
            for definition in frames:
                self._known(definition)
        except BaseException:
            self._release()
            raise

    def _open(self, page_size, durability, journal_id, patience):
        directory = self._directory
        foreign = directory.other_names()
        if foreign and not directory.pages():
            raise NotAJournalError(f"{self.path} contains other files ('{foreign[0]}') and no journal; give the journal a directory in it",
                                   self.path)
        self._acquire(patience)
        # A frame of its own would make the replica differ from its source.
        if directory.stat(REPLICA) is not None:
            raise ReplicaError(f"{self.path} is a replica: its frames come from another journal. Write to that journal, or let this one go on by "
                               "itself with 'ticktape replicate promote'", self.path)
        self._schema = Schema.read(directory)
        try:
            self._control = Control(directory, True)
        except FileNotFoundError:
            pass
        if self._control is not None and not try_for(patience, self._control.claim):
            raise self._taken()
        self._boot = boot_id()
        # Before anything is created: if recovery is refused, the journal stays as it is.
        tail = recover(directory, self._boot)
        if tail is not None:
            self._page = tail.page
        if self._control is None:
            self._control = Control.create(directory, self._mode)
            if not self._control.claim():
                raise self._taken()
        if tail is not None and page_size not in (None, tail.page.size):
            raise InvalidOptionError(f"'page_size' is {page_size}, but {self.path} was created with pages of {tail.page.size} bytes", self.path)
        self.page_size = tail.page.size if tail is not None else page_size or L.DEFAULT_PAGE
        self._capacity, self._stride = L.capacity_of(self.page_size), L.stride_of(self.page_size)
        self.epoch = max(self._lock_epoch(), 0 if tail is None else tail.page.epoch) + 1
        self._sign()
        self._checked = tail is not None and tail.page.checked if durability is None else durability == 'interval'
        if tail is None:
            directory.replace(SCHEMA, self._schema.text().encode('utf-8', 'backslashreplace'), self._mode)
        else:
            catch_up(directory, tail.page, self._checked)
            clamp_readers(self._control, tail.page.first + tail.slot)
        if journal_id is None:
            journal_id = 0 if tail is None else tail.page.journal_id
        self.journal_id = journal_id
        self._last_time = 0 if tail is None else tail.last_time
        # Where a version-1 control is, sleepers make no barrier: the writer makes one after each store.
        self._fences = self._control.version == 1
        self._instruments = None
        self._held = None
        self._check_time = 0
        self._routes = {}
        page = self._first_page(tail)
        self._enter(page, tail.slot if tail is not None and page is tail.page else 0)
        self._control.words[L.CURRENT_PAGE >> 2] = self._page.number
        self._control.wake()
        if self._checked:
            self._syncer = _Syncer(self)

    def _first_page(self, tail):
        if tail is None:
            return self._create(0)
        page = tail.page
        if not tail.is_full and page.checked == self._checked and page.journal_id == self.journal_id:
            return page
        # Of another boot, sealed, or of another kind: it continues on a new page.
        following = self._create(page.number + 1)
        page.words[L.SEALED >> 2] = 1
        if self._checked or page.checked:
            make_durable(page)
        page.close()
        return following

    def _enter(self, page, slot):
        self._page, self._slot = page, slot
        self._data, self._words, self._cursor_at = page.data, page.words, L.CURSOR >> 2

    # The lock

    def _acquire(self, patience):
        self._lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, self._mode, dir_fd=self._directory.fd)
        # A process that looks whether there is a writer holds the lock for microseconds.
        if not try_for(max(patience, 0.005), self._flock):
            raise self._taken()

    def _flock(self):
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def _holder(self):
        try:
            holder = json.loads(os.pread(self._lock, 4096, 0))
            return holder if isinstance(holder, dict) else {}
        except ValueError:
            return {}

    def _lock_epoch(self):
        epoch = self._holder().get('epoch')
        return epoch if isinstance(epoch, int) and not isinstance(epoch, bool) and 0 < epoch < 2**53 else 0

    def _taken(self):
        holder = self._holder()
        return WriterLockedError(f"{self.path} already has a writer (pid {holder.get('pid', 'unknown')}); a journal has only one: stop that "
                                 'process, or write another journal', self.path)

    def _sign(self):
        holder = {'pid': os.getpid(), 'processStart': process_start(), 'since': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime()),
                  'host': platform.node(), 'epoch': self.epoch, 'bootId': self._boot.hex()}
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, (json.dumps(holder) + '\n').encode(), 0)

    # Writing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def position(self):
        """The position of the next frame, if it fits on this page."""
        return self._page.first + self._slot

    @property
    def durable(self):
        """Frames below this position survive power loss; with the durability 'process', the death of the process."""
        return self._page.first + (self._page.durable if self._checked else self._slot)

    @property
    def page_slots(self):
        """Slots of a page: the most that can be published together."""
        return self._capacity

    @property
    def schema(self):
        return self._schema

    def write(self, kind, *, cause=None, cause_journal=None, source=0, dest=0, **values):
        """Writes one frame and publishes it. Returns its position; None inside of `atomic`.

        `kind` is a definition, or the name of one that the journal has. `cause` is the frame that led to this one, or its position; with it
        `cause_journal`, the number of that frame's journal (default: this one's). Only frames of two slots or more have these.

        Raises FieldValueError, SchemaMismatchError, JournalFullError (make room and call again), JournalReplacedError, InvalidOptionError.
        Nothing is written then.
        """
        definition = self._routes.get(kind) or self._known(kind)
        packed = definition.values_of(values)
        flags, header = 0, _NO_CAUSE
        if cause is not None or source or dest:
            flags, header = self._header_of(definition, cause, cause_journal, source, dest)
        if self._held is not None:
            frame = bytearray(definition.size)
            definition.pack_into(frame, 0, flags, 0, 0, header, packed)
            self._held.append(frame)
            return None
        slots = definition.slots
        if self._slot + slots > self._capacity:
            self._roll()
        slot = self._slot
        now = self._next_time()
        at = L.HEADER + (slot << 6)
        try:
            definition.pack_into(self._data, at, flags, 0, now, header, packed)
        except BaseException:
            # What follows the cursor is zero, whatever was packed.
            self._data[at:at + definition.size] = bytes(definition.size)
            raise
        self._mark(slot)
        self._publish(slot + slots)
        return self._page.first + slot

    @contextmanager
    def atomic(self):
        """Publishes all that is written in the block in one store, or none of it when the block raises.

            with writer.atomic():
                writer.write(Trade, ...)
                writer.write(Fill, ...)

        Raises InvalidStateError inside of another one, and for more than fits on a page.
        """
        if self._held is not None:
            raise InvalidStateError('atomic() inside of atomic()')
        self._held = []
        try:
            yield self
            held = self._held
        finally:
            self._held = None
        self.publish(held)

    def publish(self, frames):
        """Appends frames that are packed, without their times, in one store of the cursor: whenever this process is killed, readers see
        all of them or none. Returns the position of the first one."""
        slots = sum(len(frame) for frame in frames) >> 6
        if slots > self._capacity:
            raise InvalidStateError(f'{slots} slots are to appear at once, but a page of {self.path} has {self._capacity}')
        self._throw_if_closed()
        if slots == 0:
            return self.position
        if self._slot + slots > self._capacity:
            self._roll()
        first = slot = self._slot
        for frame in frames:
            at = L.HEADER + (slot << 6)
            frame[L.TIME:L.TIME + 8] = self._next_time().to_bytes(8, 'little', signed=True)
            self._data[at:at + len(frame)] = frame
            self._mark(slot)
            slot += len(frame) >> 6
        self._publish(slot)
        return self._page.first + first

    def _header_of(self, definition, cause, journal, source, dest):
        if not definition.is_large:
            raise InvalidOptionError(f'a {definition.name} of one slot has no cause, source and dest')
        if not (isinstance(source, int) and 0 <= source < 2**16 and isinstance(dest, int) and 0 <= dest < 2**16):
            raise InvalidOptionError(f'source and dest take 0 to 65535, not {source!r} and {dest!r}')
        if cause is None:
            return 0, (0, source, dest, 0)
        since = 0
        if isinstance(cause, Frame):
            since = min(cause.since_root + max(0, time.time_ns() - cause.time), L.MAX_SINCE_ROOT)
            cause = cause.position
        journal = self.journal_id if journal is None else journal
        if not (isinstance(cause, int) and 0 <= cause < 2**L.CAUSE_BITS and isinstance(journal, int) and 0 <= journal < 2**16):
            raise InvalidOptionError(f'cause takes a frame or its position, and cause_journal 0 to 65535, not {cause!r} and {journal!r}')
        return L.HAS_CAUSE, (journal << L.CAUSE_BITS | cause, source, dest, since)

    def _next_time(self):
        now = time.time_ns()
        if now > self._last_time:
            self._last_time = now
        return self._last_time

    def _mark(self, slot):
        mark = slot // self._stride
        if mark > 0 and self._words[(L.MARKS >> 2) + mark] == 0:
            self._words[(L.MARKS >> 2) + mark] = slot

    def _publish(self, slot):
        self._words[self._cursor_at] = self._slot = slot
        if self._fences:
            barrier()
        control = self._control
        if control.words[L.SLEEPERS >> 2] != 0:
            control.wake()
        if self._last_time > self._check_time:
            self._check_identity()

    def _check_identity(self):
        """Frames in files that are no longer at the journal's path would be lost. Raises JournalReplacedError."""
        self._check_time = self._last_time + _CHECK_NS
        directory, page = self._directory, self._page
        if not (directory.is_at_path() and directory.holds(L.page_name(page.number), page.file.identity) and self._holds_control()):
            raise JournalReplacedError(f'the journal {self.path} was removed, moved or replaced while this writer had it open; frames before '
                                       f'position {self.position} may be in files that no reader can open', self.path, self.position)
        if self._syncer is not None:
            self._syncer.throw_if_failed()

    def _holds_control(self):
        return self._directory.holds('control', self._control.file.identity)

    # Pages

    def _roll(self):
        """The next page is complete before this one is sealed."""
        self._throw_if_closed()
        self._check_identity()
        old = self._page
        following = self._create(old.number + 1)
        if self._syncer is not None:
            self._syncer.retire(old)
        old.words[L.SEALED >> 2] = 1
        self._enter(following, 0)
        self._control.words[L.CURRENT_PAGE >> 2] = following.number
        # A reader that sleeps at the end of the sealed page continues on the next one.
        if self._control.words[L.SLEEPERS >> 2] != 0:
            self._control.wake()
        if self._syncer is None:
            old.close()

    def _create(self, number):
        if number > L.MAX_PAGE_NUMBER:
            raise JournalFullError(f'{self.path} has {number} pages, and no journal can have more; use another journal', self.path)
        try:
            create_page(self._directory, number, self.page_size, self._mode, self._checked, self.epoch, self._schema.hash(), self.journal_id,
                        self._boot, time.time_ns(), self._checked)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise JournalFullError(f'no space for page {number} of {self.path} ({self.page_size} bytes): {error.strerror}. All frames so far are '
                                   'intact; make room and write again', self.path, number * self._capacity) from error
        return Page(self._directory, number, writable=True)

    # Definitions and instruments

    def _known(self, kind):
        """The journal's definition. A new one is in schema.json before its first frame, and so is a new name of an enum."""
        self._throw_if_closed()
        if isinstance(kind, str):
            definition = self._schema[kind]
        elif not isinstance(kind, Definition):
            raise InvalidOptionError(f'write takes a definition or its name, not {kind!r}')
        else:
            definition = self._schema.match(kind, f'{self.path}/{SCHEMA}')
            if kind.slots > self._capacity:
                raise InvalidOptionError(f'a {kind.name} takes {kind.slots} slots, but a page of {self.path} has {self._capacity}')
            known = self._schema.by_id.get(kind.id)
            if definition is None or definition is not known:
                definition = definition or kind
                self._check_identity()
                # In the place of the one with fewer names, or at the end.
                schema = Schema([definition if one is known else one for one in self._schema.definitions] + ([definition] if known is None else []))
                self._directory.replace(SCHEMA, schema.text().encode('utf-8', 'backslashreplace'), self._mode)
                self._schema = schema
        self._routes[kind] = definition
        return definition

    def add_instruments(self, entries):
        """Says what the numbers in `instrument` fields mean: dicts with `number`, `venue`, `symbol` and what else belongs to them. Call it
        before the first frame with these numbers. Entries that the journal has stay as they are.

        Raises InstrumentMismatchError when it has another one with the same number, InvalidOptionError, CorruptJournalError.
        """
        self._throw_if_closed()
        if self._instruments is None:
            self._instruments = read_instruments(self._directory)
        added = with_entries(self._instruments, entries, f'{self.path}/{INSTRUMENTS}')
        if len(added) == len(self._instruments):
            return
        self._check_identity()
        self._directory.replace(INSTRUMENTS, instruments_text(added).encode(), self._mode)
        self._instruments = added

    # The end

    def flush(self):
        """Returns once every published frame survives power loss. With the durability 'process' at once. Raises SyncFailedError."""
        self._throw_if_closed()
        if self._syncer is not None:
            self._syncer.sync()
        return self.durable

    def close(self):
        """Makes all frames durable and releases the lock. Any number of times. Raises SyncFailedError; it is closed all the same."""
        if self._is_closed:
            return
        try:
            if self._syncer is not None:
                self._syncer.close()
        finally:
            self._release()

    def _throw_if_closed(self):
        if self._is_closed:
            raise ClosedError(f'the writer of {self.path} is closed', self.path)

    def _release(self):
        self._is_closed = True
        for part in (self._page, self._control):
            if part is not None:
                part.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._directory.close()


class _Syncer:
    """Makes frames durable, on a thread: their checksums, then the disk, then DURABLE."""

    def __init__(self, writer):
        self._writer = writer
        self._failure = None
        self._pages = []  # sealed, and not yet durable
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name='ticktape-sync', daemon=True)
        self._thread.start()

    def retire(self, page):
        with self._lock:
            self._pages.append(page)

    def _run(self):
        while not self._ended.wait(_SYNC_SECONDS):
            try:
                self.sync()
            except SyncFailedError:
                return  # the writer raises it

    def sync(self):
        self.throw_if_failed()
        with self._lock:
            try:
                # The page first: one that is retired meanwhile is synced the next time, before the one behind it.
                current = self._writer._page
                while self._pages and self._pages[0] is not current:
                    make_durable(self._pages[0])
                    self._pages.pop(0).close()
                if not self._pages and current.durable < current.cursor:
                    make_durable(current)
            except OSError as error:
                self._failure = error
        self.throw_if_failed()

    def throw_if_failed(self):
        if self._failure is not None:
            raise SyncFailedError(f'syncing {self._writer.path} failed ({self._failure}); frames that are not durable may be lost if the machine '
                                  'stops. Close this writer, check the disk, and open the journal again', self._writer.path)

    def close(self):
        self._ended.set()
        self._thread.join()
        self.sync()


def _check_options(page_size, durability, journal_id):
    if page_size is not None and not (isinstance(page_size, int) and L.MIN_PAGE <= page_size <= L.MAX_PAGE and page_size % L.HEADER == 0):
        raise InvalidOptionError(f"'page_size' takes a multiple of 4096 from {L.MIN_PAGE} to {L.MAX_PAGE}, not {page_size!r}")
    if durability is not None and durability not in DURABILITIES:
        raise InvalidOptionError(f"'durability' takes 'process' or 'interval', not {durability!r}; for 'commit' use 'interval' and flush()")
    if journal_id is not None and not (isinstance(journal_id, int) and 0 <= journal_id < 2**16):
        raise InvalidOptionError(f"'journal_id' takes 0 to 65535, not {journal_id!r}")
