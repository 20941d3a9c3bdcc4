"""Reads and writes ticktape journals, by docs/format.md alone. Python 3.9 or later on Linux (x86-64, arm64), standard library only.

It maps pages as the library does and shares the same words with other processes: the cursor that publishes frames, the words by which a
writer wakes readers, the slots of named readers. Loads and stores of a u32 are single instructions (memoryview, cast to 'I').
"""
import ctypes
import fcntl
import hashlib
import json
import mmap
import os
import platform
import struct
import time

HEADER, SLOT = 4096, 64
CURSOR, SEALED, DURABLE, MARKS, MARK_COUNT = 128, 256, 384, 512, 896
CHECKED, HAS_CAUSE = 1, 1
SIGNAL, SLEEPERS, CURRENT_PAGE = 128, 256, 384
READER_SLOTS, READER_SIZE, NAME_SIZE = 240, 256, 64
FREE, WRITING, USED = 0, 1, 2

#: Linux's numbers of system calls that Python has no function for.
SYSCALLS = {'x86_64': {'futex': 202, 'membarrier': 324}, 'aarch64': {'futex': 98, 'membarrier': 283}}[platform.machine()]
FUTEX_WAKE, REGISTER_GLOBAL_EXPEDITED = 1, 4
syscall = ctypes.CDLL(None, use_errno=True).syscall


def register_barrier():
    """Allows this process to store CURSOR and load SLEEPERS with plain instructions (format.md, "The barrier")."""
    if syscall(SYSCALLS['membarrier'], REGISTER_GLOBAL_EXPEDITED, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'membarrier was refused: this process must not write journals')


def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


_CRC = _crc_table()


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in bytes(data):
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def lock_byte(fd, offset):
    """A write lock on one byte that lives as long as the file is open (F_OFD_SETLK). False when another process has it."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0))
        return True
    except OSError:
        return False


def unlock_byte(fd, offset):
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_UNLCK, os.SEEK_SET, offset, 1, 0))


def map_file(path, writable):
    fd = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC)
    memory = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0))
    return fd, memory, memoryview(memory).cast('B'), memoryview(memory).cast('I')


def process_start():
    with open('/proc/self/stat') as file:
        return int(file.read().rsplit(')', 1)[1].split()[19])


def boot_id():
    with open('/proc/sys/kernel/random/boot_id') as file:
        return bytes.fromhex(file.read().strip().replace('-', ''))


def page_name(number):
    return f'{number:010d}.page'


def page_numbers(directory):
    return sorted(int(name[:10]) for name in os.listdir(directory) if name.endswith('.page') and len(name) == 15)


def replace_file(directory, name, data):
    """A reader sees the old file or the new one."""
    temporary = os.path.join(directory, name + '.tmp')
    with open(temporary, 'wb', opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, os.path.join(directory, name))


_NUMBERS = {'u8': 'B', 'i8': 'b', 'bool': '?', 'u16': 'H', 'i16': 'h', 'u32': 'I', 'i32': 'i', 'instrument': 'I',
            'u64': 'Q', 'i64': 'q', 'f32': 'f', 'f64': 'd'}


class Schema:
    """The definitions of a journal's frames, from its schema.json."""

    def __init__(self, directory):
        with open(os.path.join(directory, 'schema.json'), encoding='utf-8') as file:
            self.frames = json.load(file)['frames']
        self.by_id = {frame['id']: frame for frame in self.frames}
        self.by_name = {frame['name']: frame for frame in self.frames}

    def layout_hash(self):
        text = json.dumps(self.frames, separators=(',', ':'), ensure_ascii=False)
        return hashlib.sha256(text.encode()).digest()[:8]

    def decode(self, data, at):
        """The fields of the frame at an offset of a page."""
        definition = self.by_id[struct.unpack_from('<H', data, at)[0]]
        fields = {}
        for field in definition['fields']:
            kind, where = field['kind'], at + field['offset']
            if kind in _NUMBERS:
                fields[field['name']] = struct.unpack_from('<' + _NUMBERS[kind], data, where)[0]
            elif kind == 'enum':
                fields[field['name']] = field['values'][data[where]]
            else:
                raw = bytes(data[where:where + field['size']])
                fields[field['name']] = raw if kind == 'bytes' else raw.split(b'\0', 1)[0].decode()
        return fields

    def encode(self, name, fields, cause=None, source=0, dest=0):
        """A frame without its time. `cause` is (journal id, position, its time, its SINCE_ROOT)."""
        definition = self.by_name[name]
        data = bytearray(definition['slots'] * SLOT)
        data[0:4] = struct.pack('<HBB', definition['id'], definition['slots'], 0 if cause is None else HAS_CAUSE)
        if definition['slots'] > 1:
            struct.pack_into('<HH', data, 24, source, dest)
            if cause is not None:
                journal, position, caused_at, since_root = cause
                struct.pack_into('<Q', data, 16, (journal << 48) | position)
                since_root += max(0, time.time_ns() - caused_at)
                struct.pack_into('<I', data, 28, min(since_root, 2**32 - 1))
        for field in definition['fields']:
            value, kind, where = fields.get(field['name'], 0), field['kind'], field['offset']
            if kind in _NUMBERS:
                struct.pack_into('<' + _NUMBERS[kind], data, where, value)
            elif kind == 'enum':
                data[where] = field['values'].index(value) if isinstance(value, str) else value
            elif value:
                raw = value if isinstance(value, bytes) else value.encode()
                if len(raw) > field['size']:
                    raise ValueError(f"{name}.{field['name']} takes {field['size']} bytes")
                data[where:where + len(raw)] = raw
        return data


class Frame:
    """One frame that was read. Its fields are decoded when they are asked for."""

    def __init__(self, schema, data, at, position):
        self._schema, self._data, self._at = schema, data, at
        self.position = position
        self.type, self.slots, self.flags = struct.unpack_from('<HBB', data, at)
        self.time = struct.unpack_from('<q', data, at + 8)[0]
        self.cause = self.cause_journal = None
        self.source = self.dest = self.since_root = 0
        if self.slots > 1:
            cause, self.source, self.dest, self.since_root = struct.unpack_from('<QHHI', data, at + 16)
            if self.flags & HAS_CAUSE:
                self.cause, self.cause_journal = cause & (2**48 - 1), cause >> 48

    @property
    def name(self):
        return self._schema.by_id[self.type]['name']

    @property
    def fields(self):
        return self._schema.decode(self._data, self._at)


class Reader:
    """Reads a journal forward. With a name it stores its position, so that the next reader of that name continues there."""

    def __init__(self, directory, position=None, name=None):
        self.directory = directory
        self.schema = Schema(directory)
        self._page = None
        self._slot = None
        numbers = page_numbers(directory)
        self._map(numbers[0])
        if name is not None:
            stored = self._register(name)
            position = stored if stored is not None else position
        self.seek(self._first if position is None else position)

    def _map(self, number):
        path = os.path.join(self.directory, page_name(number))
        fd, _, self._data, self._words = map_file(path, writable=False)
        os.close(fd)
        size = struct.unpack_from('<I', self._data, 16)[0]
        if bytes(self._data[0:8]) != b'TICKTAPE' or size != len(self._data):
            raise ValueError(f'{path} is no page')
        if crc32c(self._data[0:120]) != self._words[120 >> 2]:
            raise ValueError(f'the header of {path} is damaged')
        self._page, self.capacity = number, (size - HEADER) // SLOT
        self.journal_id = struct.unpack_from('<H', self._data, 72)[0]
        self._first = number * self.capacity
        self._slot_at = 0

    @property
    def position(self):
        return self._first + self._slot_at

    @property
    def lag(self):
        """Slots of this page that are published and not yet read."""
        return self._words[CURSOR >> 2] - self._slot_at

    def seek(self, position):
        number = position // self.capacity
        if number != self._page:
            last = page_numbers(self.directory)[-1]
            self._map(min(number, last))
        self._slot_at = position - self._first

    def next(self):
        """The next frame; None when there is none yet."""
        while True:
            cursor = self._words[CURSOR >> 2]
            if cursor > self.capacity:
                raise ValueError(f'{self.directory}: the cursor is past the end of page {self._page}')
            if self._slot_at < cursor:
                at = HEADER + self._slot_at * SLOT
                slots = self._data[at + 2]
                if slots == 0 or self._slot_at + slots > cursor:
                    raise ValueError(f'{self.directory}: the frame at {self.position} is damaged')
                if struct.unpack_from('<H', self._data, at)[0] not in self.schema.by_id:
                    self.schema = Schema(self.directory)
                frame = Frame(self.schema, self._data, at, self.position)
                self._slot_at += slots
                return frame
            if self._words[SEALED >> 2] != 1 or self._words[CURSOR >> 2] != cursor:
                return None
            self._map(self._page + 1)

    # Named readers: a slot in `control`, locked for as long as the reader is open.

    def _register(self, name):
        self._control_fd, self._control, control, words = map_file(os.path.join(self.directory, 'control'), writable=True)
        self._control_bytes, self._control_words = control, words
        while not lock_byte(self._control_fd, 12):
            time.sleep(0.001)
        try:
            own, free = None, None
            for n in range(READER_SLOTS):
                at = HEADER + n * READER_SIZE
                if words[at >> 2] == USED:
                    if bytes(control[at + 64:at + 64 + NAME_SIZE]).split(b'\0', 1)[0] == name.encode():
                        own = at
                elif free is None:
                    free = at
            fresh = own is None
            at = free if fresh else own
            if at is None:
                raise RuntimeError(f'all slots for named readers of {self.directory} are in use')
            for _ in range(500):
                if lock_byte(self._control_fd, at):
                    break
                time.sleep(0.01)  # the process before this one is about to end
            else:
                raise RuntimeError(f"the reader '{name}' of {self.directory} is open in another process")
            if fresh:
                words[at >> 2] = WRITING
                control[at + 4:at + READER_SIZE] = bytes(READER_SIZE - 4)
                control[at + 64:at + 64 + len(name)] = name.encode()
            struct.pack_into('<IQ', control, at + 4, os.getpid(), process_start())
            words[at >> 2] = USED
        finally:
            unlock_byte(self._control_fd, 12)
        self._slot = at
        count = words[(at + 24) >> 2]
        return None if count == 0 else struct.unpack_from('<Q', control, at + 32 + 8 * (count & 1))[0]

    def checkpoint(self):
        """Stores the position at which the next reader of this name continues."""
        at, words = self._slot, self._control_words
        count = words[(at + 24) >> 2]
        following = 2 if count == 2**32 - 1 else count + 1
        struct.pack_into('<Q', self._control_bytes, at + 32 + 8 * (following & 1), self.position)
        struct.pack_into('<q', self._control_bytes, at + 16, time.time_ns())
        words[(at + 24) >> 2] = following


class Writer:
    """The writer of a journal that exists. It is the only one: it holds the journal's locks."""

    #: Seconds between two syncs of a journal with checksums, which survives power loss.
    SYNC_SECONDS = 0.05

    def __init__(self, directory):
        register_barrier()
        self.directory = directory
        self._lock = os.open(os.path.join(directory, 'writer.lock'), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._acquire()
        self._control_fd, self._control, self._control_bytes, self._control_words = map_file(
            os.path.join(directory, 'control'), writable=True)
        if not lock_byte(self._control_fd, 384):
            raise RuntimeError(f'{directory} has another writer')
        self.schema = Schema(directory)
        self._last_time = 0
        self._open_last()
        self.epoch = max(self._lock_epoch(), struct.unpack_from('<Q', self._data, 56)[0]) + 1
        self._sign()
        self._synced_at = time.monotonic()

    def _acquire(self):
        for attempt in range(500):
            try:
                return fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)  # the process before this one is about to end
        raise RuntimeError(f'{self.directory} has another writer')

    def _lock_epoch(self):
        try:
            return int(json.loads(os.pread(self._lock, 4096, 0)).get('epoch', 0))
        except ValueError:
            return 0

    def _sign(self):
        boot = boot_id().hex()
        holder = {'pid': os.getpid(), 'processStart': process_start(), 'host': platform.node(), 'epoch': self.epoch,
                  'since': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'bootId': boot}
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, (json.dumps(holder) + '\n').encode(), 0)

    def _open_last(self):
        """Recovery after a crash in the same boot of the machine: the cursor is right, what follows it is not."""
        for name in os.listdir(self.directory):
            if name.endswith('.tmp'):
                os.unlink(os.path.join(self.directory, name))
        numbers = page_numbers(self.directory)
        if len(numbers) > 1:
            self._map(numbers[-2])
            if self._words[SEALED >> 2] != 1:
                os.unlink(os.path.join(self.directory, page_name(numbers[-1])))  # was only prepared
                numbers.pop()
        self._map(numbers[-1])
        if bytes(self._data[40:56]) != boot_id():
            raise RuntimeError(f'{self.directory} was last written in another boot: its recovery is the gateway\'s work')
        self._slot = self._words[CURSOR >> 2]
        self._data[HEADER + self._slot * SLOT:] = bytes((self.capacity - self._slot) * SLOT)
        number = self._page
        while self._last_time == 0 and number >= numbers[0]:
            for frame in frames_of_page(self.directory, self.schema, number):
                self._last_time = frame.time
            number -= 1

    def _map(self, number):
        _, self._memory, self._data, self._words = map_file(os.path.join(self.directory, page_name(number)), writable=True)
        self._page, self.page_size = number, len(self._data)
        self.capacity = (self.page_size - HEADER) // SLOT
        self.journal_id = struct.unpack_from('<H', self._data, 72)[0]
        self._checked = bool(self._words[12 >> 2] & CHECKED)
        self._stride = 256
        while -(-self.capacity // self._stride) > MARK_COUNT:
            self._stride *= 2

    @property
    def position(self):
        return self._page * self.capacity + self._slot

    def publish(self, frames):
        """Appends frames that become visible in one store, whenever this process is killed. They must fit on a page."""
        slots = sum(len(frame) // SLOT for frame in frames)
        if slots > self.capacity:
            raise ValueError(f'{slots} slots do not fit on a page of {self.capacity}')
        if self._slot + slots > self.capacity:
            self._roll()
        slot = self._slot
        for frame in frames:
            self._last_time = max(self._last_time, time.time_ns())
            struct.pack_into('<q', frame, 8, self._last_time)
            at = HEADER + slot * SLOT
            self._data[at:at + len(frame)] = frame
            mark = slot // self._stride
            if mark > 0 and self._words[(MARKS >> 2) + mark] == 0:
                self._words[(MARKS >> 2) + mark] = slot
            slot += len(frame) // SLOT
        self._words[CURSOR >> 2] = self._slot = slot
        self._wake()
        if self._checked and time.monotonic() - self._synced_at > self.SYNC_SECONDS:
            self.sync()

    def _wake(self):
        words = self._control_words
        if words[SLEEPERS >> 2] == 0:
            return
        words[SLEEPERS >> 2] = 0
        words[SIGNAL >> 2] = (words[SIGNAL >> 2] + 1) & 0xFFFFFFFF
        word = ctypes.c_uint32.from_buffer(self._control, SIGNAL)
        syscall(SYSCALLS['futex'], ctypes.byref(word), FUTEX_WAKE, 2**31 - 1, None, None, 0)

    def _roll(self):
        """The next page is complete before this one is sealed."""
        self.sync()
        number = self._page + 1
        header = bytearray(HEADER)
        header[0:8] = b'TICKTAPE'
        struct.pack_into('<IIIIQq', header, 8, 1, CHECKED if self._checked else 0, self.page_size, number,
                         number * self.capacity, time.time_ns())
        header[40:56] = boot_id()
        struct.pack_into('<Q', header, 56, self.epoch)
        header[64:72] = self.schema.layout_hash()
        struct.pack_into('<H', header, 72, self.journal_id)
        struct.pack_into('<I', header, 120, crc32c(header[0:120]))
        temporary = os.path.join(self.directory, page_name(number) + '.tmp')
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.posix_fallocate(fd, 0, self.page_size)
        os.pwrite(fd, header, 0)
        if self._checked:
            os.fsync(fd)
        os.close(fd)
        os.rename(temporary, os.path.join(self.directory, page_name(number)))
        old = self._words
        self._map(number)
        self._slot = 0
        old[SEALED >> 2] = 1
        self._control_words[CURRENT_PAGE >> 2] = number

    def sync(self):
        """Makes all frames survive power loss, in a journal with checksums: first their checksums, then the disk, then DURABLE."""
        self._synced_at = time.monotonic()
        durable = self._words[DURABLE >> 2]
        if not self._checked or durable == self._slot:
            return
        slot = durable
        while slot < self._slot:
            at = HEADER + slot * SLOT
            end = at + self._data[at + 2] * SLOT
            crc = crc32c(struct.pack('<Q', self._page * self.capacity + slot))
            crc = crc32c(self._data[at:at + 4], crc)
            crc = crc32c(self._data[at + 8:end], crc)
            struct.pack_into('<I', self._data, at + 4, crc or 1)
            slot += self._data[at + 2]
        self._memory.flush()
        self._words[DURABLE >> 2] = self._slot
        self._memory.flush(0, HEADER)


def frames_of_page(directory, schema, number):
    """All frames of one page."""
    _, _, data, words = map_file(os.path.join(directory, page_name(number)), writable=False)
    capacity, slot = (len(data) - HEADER) // SLOT, 0
    cursor = min(words[CURSOR >> 2], capacity)
    while slot < cursor:
        at = HEADER + slot * SLOT
        yield Frame(schema, data, at, number * capacity + slot)
        slot += max(1, data[at + 2])


def last_frame(directory, pick):
    """The last value that `pick` returns for a frame; None when there is none. Reads pages from the end."""
    schema = Schema(directory)
    for number in reversed(page_numbers(directory)):
        found = None
        for frame in frames_of_page(directory, schema, number):
            value = pick(frame)
            found = value if value is not None else found
        if found is not None:
            return found
    return None


class Pulse:
    """The signs of life of this process: its cell in the desk's table (strategy-protocol.md, "Signs of life")."""

    CELL = 256

    def __init__(self, path, cell):
        _, self._memory, self._data, self._words = map_file(path, writable=True)
        self._at = HEADER + cell * self.CELL
        self._beats = 0

    def beat(self, position):
        """A frame was handled, or the process lives; the next frame is at this position."""
        self._beats = (self._beats + 1) & 0xFFFFFFFF
        struct.pack_into('<d', self._data, self._at + 136, position)
        self._words[(self._at + 128) >> 2] = self._beats

    def tell(self, position, handled, sent, lag):
        struct.pack_into('<ddd', self._data, self._at + 144, handled, sent, lag)
        struct.pack_into('<q', self._data, self._at + 192, time.time_ns())
        self.beat(position)
