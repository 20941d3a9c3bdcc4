"""The control file of a journal: the words for sleeping and waking, and the slots of named readers."""
import os
import re
import struct

from . import layout as L
from .checksum import crc32c
from .directory import CONTROL
from .errors import CorruptJournalError, FormatVersionError, ReaderBusyError, ReaderNameError
from .system import MappedFile, barrier, futex_wait, futex_wake, lock_byte, process_start, try_for, unlock_byte


class Control:
    def __init__(self, directory, writable):
        """Raises FileNotFoundError when there is none, PermissionError, CorruptJournalError, FormatVersionError."""
        self.path = os.path.join(directory.path, CONTROL)
        self.file = MappedFile(CONTROL, writable, directory.fd, L.CONTROL_SIZE)
        self.data, self.words, self.longs = self.file.data, self.file.words, self.file.longs
        magic, version, slots, size = struct.unpack_from('<8sIII', self.data, 0)
        if magic != L.CONTROL_MAGIC or crc32c(self.data[:L.IDENTITY_CRC]) != self.file.plain[L.IDENTITY_CRC >> 2]:
            raise CorruptJournalError(f"{self.path} is damaged; run 'ticktape repair' on its journal", self.path)
        if version not in (1, L.CONTROL_VERSION) or slots != L.READER_SLOTS or size != L.READER_SIZE:
            raise FormatVersionError(f'{self.path} is in version {version} of the format, this library reads 1 and 2', self.path)
        self.version = version

    @classmethod
    def for_reader(cls, directory):
        """With the permission to write the reader can be woken. None when it cannot be read."""
        for writable in (True, False):
            try:
                return cls(directory, writable)
            except FileNotFoundError:
                return None
            except OSError:
                continue
        return None

    @classmethod
    def create(cls, directory, mode):
        data = bytearray(L.CONTROL_SIZE)
        struct.pack_into('<8sIII', data, 0, L.CONTROL_MAGIC, L.CONTROL_VERSION, L.READER_SLOTS, L.READER_SIZE)
        struct.pack_into('<I', data, L.IDENTITY_CRC, crc32c(data[:L.IDENTITY_CRC]))
        directory.replace(CONTROL, data, mode)
        return cls(directory, True)

    @property
    def writable(self):
        return self.file.writable

    def sleep(self, has_frames, seconds):
        """Sleeps until the writer wakes it, so long at most; not at all when there are frames.

        False when the system refuses the barrier, or the file cannot be written: then the caller must check every few ms.
        """
        words = self.words
        if not self.file.writable:
            return False
        signal = words[L.SIGNAL >> 2]
        words[L.SLEEPERS >> 2] = 1
        # Between that store and the last check. It orders this thread's own accesses too, which a control of version 1 needs.
        if not barrier():
            return False
        if not has_frames():
            futex_wait(self.file.memory, L.SIGNAL, signal, seconds)
        return True

    def wake(self):
        """For a writer that has loaded SLEEPERS, and found one."""
        words = self.words
        words[L.SLEEPERS >> 2] = 0
        words[L.SIGNAL >> 2] = (words[L.SIGNAL >> 2] + 1) & 0xFFFFFFFF
        futex_wake(self.file.memory, L.SIGNAL)

    def claim(self):
        """Locks the journal for its writer. False when there is another one."""
        return lock_byte(self.file.fd, L.CURRENT_PAGE)

    def close(self):
        self.file.close()


class Registration:
    """The slot of a named reader. A lock on it lives as long as the control file is open."""

    def __init__(self, control, name):
        """Raises ReaderNameError, and ReaderBusyError when a live reader has the name."""
        if not isinstance(name, str) or re.match(r'[\x21-\x7e]{1,63}\Z', name) is None:
            raise ReaderNameError(f"a reader's name is 1 to 63 printable ASCII characters without spaces, not {name!r}")
        if not control.writable:
            raise ReaderNameError(f'a named reader stores its position in {control.path}, which this process may not write', control.path)
        self._control = control
        if not try_for(2.0, lambda: lock_byte(control.file.fd, L.SLOT_COUNT)):
            raise ReaderBusyError(f'another process has been registering a reader in {control.path} for 2 s', control.path)
        try:
            at = self._find(name)
            self._at = self._free() if at is None else at
            if at is not None and not lock_byte(control.file.fd, at):
                pid = control.words[(at + L.PID) >> 2]
                raise ReaderBusyError(f"reader '{name}' is open already, in process {pid}; give this one another name", control.path)
            # The reader that had it may have freed it before it gave up the lock: then there is no name and no position.
            self._is_fresh = at is None or control.words[at >> 2] != L.USED
            self._sign(name)
        finally:
            unlock_byte(control.file.fd, L.SLOT_COUNT)
        self._count = control.words[(self._at + L.CHECKPOINT) >> 2]
        #: Where it continues; None for a new name.
        self.position = None if self._count == 0 else control.longs[((self._at + L.POSITION) >> 3) + (self._count & 1)]
        self._state_at = self._at >> 2
        self._count_at, self._time_at, self._position_at = ((self._at + L.CHECKPOINT) >> 2, (self._at + L.HEARTBEAT) >> 3,
                                                            (self._at + L.POSITION) >> 3)

    def _find(self, name):
        for at in _slots():
            if self._control.words[at >> 2] == L.USED and _name_at(self._control.data, at) == name.encode():
                return at
        return None

    def _free(self):
        for at in _slots():
            if self._control.words[at >> 2] != L.USED and lock_byte(self._control.file.fd, at):
                return at
        raise ReaderNameError(f"all slots for named readers in {self._control.path} are in use; 'ticktape prune --forget NAME' frees one",
                              self._control.path)

    def _sign(self, name):
        at, control = self._at, self._control
        if self._is_fresh:
            control.words[at >> 2] = L.WRITING
            control.data[at + 4:at + L.READER_SIZE] = bytes(L.READER_SIZE - 4)
            control.data[at + L.NAME:at + L.NAME + len(name)] = name.encode()
        struct.pack_into('<IQ', control.data, at + L.PID, os.getpid(), process_start())
        if self._is_fresh:
            control.words[at >> 2] = L.USED

    def store(self, position, now):
        """Stores where to continue. A crash leaves the old position or the new one: the count, which selects, is stored last."""
        count = self._count = 2 if self._count == 0xFFFFFFFF else self._count + 1
        control = self._control
        control.longs[self._position_at + (count & 1)] = position
        control.longs[self._time_at] = now
        control.words[self._count_at] = count

    def release(self):
        """The name and its position stay; without a position the slot becomes free."""
        if self._count == 0:
            self._control.words[self._state_at] = L.FREE
        unlock_byte(self._control.file.fd, self._at)


def clamp_readers(control, end):
    """Moves readers that are past the end back to it: frames that they had read may be lost after a power loss."""
    for at in _slots():
        count = control.words[(at + L.CHECKPOINT) >> 2]
        if control.words[at >> 2] != L.USED or control.longs[((at + L.POSITION) >> 3) + (count & 1)] <= end:
            continue
        following = 2 if count == 0xFFFFFFFF else count + 1
        control.longs[((at + L.POSITION) >> 3) + (following & 1)] = end
        control.words[(at + L.CHECKPOINT) >> 2] = following


def _slots():
    return range(L.HEADER, L.HEADER + L.READER_SLOTS * L.READER_SIZE, L.READER_SIZE)


def _name_at(data, at):
    return bytes(data[at + L.NAME:at + L.NAME + L.NAME_SIZE]).split(b'\0', 1)[0]


