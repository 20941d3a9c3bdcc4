"""What the system does for journals: mapped files, words that processes share, locks, sleeping and waking. Linux only."""
import ctypes
import fcntl
import mmap
import os
import platform
import signal
import stat
import struct
import sys
import time

from .errors import CorruptJournalError, UnsupportedPlatformError

#: Numbers of the system calls that Python has no function for.
_SYSCALLS = {'x86_64': {'futex': 202, 'membarrier': 324}, 'aarch64': {'futex': 98, 'membarrier': 283}}
_MACHINE = platform.machine()
if not sys.platform.startswith('linux') or _MACHINE not in _SYSCALLS or sys.byteorder != 'little':
    raise UnsupportedPlatformError(
        f'ticktape for Python runs on Linux with x86-64 or arm64, not on {sys.platform} with {_MACHINE}')
_FUTEX, _MEMBARRIER = _SYSCALLS[_MACHINE]['futex'], _SYSCALLS[_MACHINE]['membarrier']
_FUTEX_WAIT, _FUTEX_WAKE = 0, 1
_GLOBAL_EXPEDITED, _REGISTER_GLOBAL_EXPEDITED = 2, 4
_libc = ctypes.CDLL(None, use_errno=True)
_syscall, _msync = _libc.syscall, _libc.msync
_msync.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_MS_SYNC = 4
_PR_SET_PDEATHSIG = 1
_EVERYBODY = 2**31 - 1


class _Timespec(ctypes.Structure):
    _fields_ = [('seconds', ctypes.c_int64), ('ns', ctypes.c_int64)]


class _Buffer(ctypes.Structure):
    """The beginning of Python's Py_buffer; the rest is room that is large enough for all versions."""

    _fields_ = [('address', ctypes.c_void_p), ('owner', ctypes.py_object), ('rest', ctypes.c_void_p * 16)]


class AtomicWords:
    """The u32 of a mapped file, each loaded with acquire and stored sequentially consistently by libatomic.

    For arm64, where an ordinary load is no acquire. A load through it takes some hundred ns.
    """

    def __init__(self, memory):
        self._load, self._store = _libatomic()
        self._memory = memory
        view = _Buffer()
        ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(memory), ctypes.byref(view), 0)
        self._address = view.address
        self._view = view

    def __getitem__(self, index):
        return self._load(self._address + 4 * index, 2)

    def __setitem__(self, index, value):
        self._store(self._address + 4 * index, value, 5)

    def release(self):
        if self._memory is not None:
            ctypes.pythonapi.PyBuffer_Release(ctypes.byref(self._view))
            self._memory = None


def _libatomic():
    try:
        library = ctypes.CDLL('libatomic.so.1')
    except OSError as error:
        raise UnsupportedPlatformError(
            'on arm64 an ordinary load does not see frames in their order, and libatomic.so.1, which has loads that do, is not '
            f'installed: apt-get install libatomic1 ({error})') from error
    load, store = library['__atomic_load_4'], library['__atomic_store_4']
    load.argtypes, load.restype = [ctypes.c_void_p, ctypes.c_int], ctypes.c_uint32
    store.argtypes, store.restype = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int], None
    return load, store


class MappedFile:
    """A file in memory, shared with all processes that map it.

    `data` are its bytes, `longs` its u64. `words` are the u32 that processes share: loads are acquires. On x86-64 every aligned load is one,
    and a memoryview makes one load or store for each item.
    """

    def __init__(self, name, writable, directory=None, size=None):
        """`size` is what the file must have; None for any. Raises OSError, and CorruptJournalError for another size."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        self.fd = os.open(name, flags, dir_fd=directory)
        try:
            found = os.fstat(self.fd)
            if not stat.S_ISREG(found.st_mode):
                raise CorruptJournalError(f'{name} is no regular file', name)
            if found.st_size == 0 or found.st_size % 8 != 0 or (size is not None and found.st_size != size):
                raise CorruptJournalError(f"{name} has {found.st_size} bytes; run 'ticktape verify' on its journal", name)
            self.identity = (found.st_dev, found.st_ino)
            self.size = found.st_size
            self.writable = writable
            protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
            self.memory = mmap.mmap(self.fd, self.size, mmap.MAP_SHARED, protection)
        except BaseException:
            os.close(self.fd)
            raise
        self.data = memoryview(self.memory)
        self.plain = self.data.cast('I')
        self.longs = self.data.cast('Q')
        self.words = self.plain if _MACHINE == 'x86_64' else AtomicWords(self.memory)

    def sync(self, offset, length):
        """Waits until these bytes are on the disk. Other threads run meanwhile, which the mmap module does not allow. Raises OSError."""
        first = ctypes.c_char.from_buffer(self.memory, offset)
        if _msync(ctypes.byref(first), length, _MS_SYNC) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def close_descriptor(self):
        """Without its descriptor the file stays mapped; locks of the descriptor end."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def close(self):
        self.close_descriptor()
        for view in (self.words, self.plain, self.longs, self.data):
            view.release()
        try:
            self.memory.close()
        except BufferError:
            pass  # An array that was given out still uses it, and unmaps it when it goes.


def continue_when_parent_ends():
    """A process that is stopped (SIGSTOP) goes on when its parent has ended, and can end too. It does nothing to one that runs."""
    _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGCONT))


def register_barrier():
    """Whether this process may store CURSOR and load SLEEPERS with ordinary instructions (format.md, "The barrier")."""
    return _syscall(_MEMBARRIER, _REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0


def barrier():
    """Makes all stores of this thread, and of all registered processes, visible in their order. False when the system refuses it."""
    return _syscall(_MEMBARRIER, _GLOBAL_EXPEDITED, 0, 0) == 0


def futex_wait(memory, offset, value, seconds):
    """Sleeps while the u32 has this value, so long at most."""
    word = ctypes.c_uint32.from_buffer(memory, offset)
    timeout = _Timespec(int(seconds), int(seconds % 1 * 1e9))
    _syscall(_FUTEX, ctypes.byref(word), _FUTEX_WAIT, ctypes.c_uint32(value), ctypes.byref(timeout), None, 0)


def futex_wake(memory, offset):
    word = ctypes.c_uint32.from_buffer(memory, offset)
    _syscall(_FUTEX, ctypes.byref(word), _FUTEX_WAKE, _EVERYBODY, None, None, 0)


def _set_lock(fd, kind, offset):
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', kind, os.SEEK_SET, offset, 1, 0))
        return True
    except (BlockingIOError, PermissionError):
        return False


def lock_byte(fd, offset):
    """A write lock on one byte that lives as long as the file is open (F_OFD_SETLK). False when another process has it."""
    return _set_lock(fd, fcntl.F_WRLCK, offset)


def unlock_byte(fd, offset):
    _set_lock(fd, fcntl.F_UNLCK, offset)


if not hasattr(fcntl, 'F_OFD_SETLK'):
    fcntl.F_OFD_SETLK = 37


def process_start():
    """This process's start time in clock ticks since boot."""
    with open('/proc/self/stat', encoding='utf-8', errors='replace') as file:
        return int(file.read().rsplit(')', 1)[1].split()[19])


def boot_id():
    """16 bytes that identify this boot of the machine."""
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
        return bytes.fromhex(file.read().strip().replace('-', ''))


def try_for(seconds, attempt):
    """Calls `attempt` until it returns something true, so long at most."""
    end = time.monotonic() + seconds
    while True:
        found = attempt()
        if found or time.monotonic() >= end:
            return found
        time.sleep(0.001)
