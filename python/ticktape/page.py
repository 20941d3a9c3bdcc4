"""One page of a journal, mapped: its header, and the walk over its frames. Every byte is checked before it is used."""
import os
import struct

from . import layout as L
from .checksum import crc32c, frame_crc
from .errors import CorruptJournalError, FormatVersionError, JournalNotFoundError, NotAJournalError
from .system import MappedFile

_HEADER = struct.Struct('<8sIIIIQq16sQ8sH')


class Page:
    """`words` are the u32 that processes share, `plain` and `data` the page's bytes."""

    def __init__(self, directory, number, writable=False):
        """Raises JournalNotFoundError, NotAJournalError, FormatVersionError, CorruptJournalError."""
        self.path = directory.page_path(number)
        try:
            self.file = MappedFile(L.page_name(number), writable, directory.fd)
        except FileNotFoundError:
            raise JournalNotFoundError(f'{self.path} does not exist', self.path) from None
        try:
            self._check(number)
        except BaseException:
            self.file.close()
            raise
        self.file.close_descriptor()
        self.number = number
        self.data, self.words, self.plain = self.file.data, self.file.words, self.file.plain

    def _check(self, number):
        data, size = self.file.data, self.file.size
        if size < L.HEADER:
            raise CorruptJournalError(f'{self.path} has {size} bytes', self.path)
        magic, version, flags, page_size, stored, first, _, boot, epoch, layout_hash, journal = _HEADER.unpack_from(data, 0)
        if magic != L.MAGIC:
            if not any(data[:L.IDENTITY_SIZE]):
                self._damaged('it is all zeros')
            raise NotAJournalError(f'{self.path} does not begin with the magic of a page', self.path)
        if version != 1:
            raise FormatVersionError(f'{self.path} has version {version} of the format, but this library reads 1', self.path)
        if crc32c(data[:L.IDENTITY_CRC]) != self.file.plain[L.IDENTITY_CRC >> 2]:
            self._damaged('its checksum is wrong')
        if page_size != size or not L.MIN_PAGE <= size <= L.MAX_PAGE or size % L.HEADER != 0:
            self._damaged(f'it says {page_size} bytes, but the file has {size}')
        self.capacity = L.capacity_of(size)
        if stored != number or first != number * self.capacity or first + self.capacity >= 2**53:
            self._damaged(f'it says page {stored} and first position {first}')
        self.size, self.first, self.boot_id, self.epoch = size, first, boot, epoch
        self.layout_hash, self.journal_id, self.checked = layout_hash, journal, bool(flags & L.CHECKED)

    def _damaged(self, what):
        raise CorruptJournalError(f"the header of {self.path} is damaged: {what}; run 'ticktape verify' on its journal", self.path)

    @property
    def cursor(self):
        """Slots committed."""
        cursor = self.words[L.CURSOR >> 2]
        if cursor > self.capacity:
            raise CorruptJournalError(f'the cursor of {self.path} is {cursor}, past its {self.capacity} slots', self.path, self.first)
        return cursor

    @property
    def sealed(self):
        return self.words[L.SEALED >> 2] == 1

    @property
    def durable(self):
        """Slots that survive power loss."""
        durable = self.words[L.DURABLE >> 2]
        if durable > self.capacity:
            raise CorruptJournalError(f'the durable cursor of {self.path} is {durable}, past its end', self.path, self.first)
        return durable

    def damage(self, slot, end):
        """What is wrong with the frame at a slot, None when nothing is."""
        word = self.plain[(L.HEADER + slot * L.SLOT) >> 2]
        slots = word >> 16 & 0xFF
        if word & 0xFFFF == 0:
            return 'has no type'
        if slots == 0:
            return 'has no slots'
        return f'ends at slot {slot + slots}, after the cursor ({end})' if slot + slots > end else None

    def check_frame(self, slot, end):
        """Raises CorruptJournalError unless a sound frame begins at the slot. Returns its slots."""
        problem = self.damage(slot, end)
        if problem is not None:
            raise CorruptJournalError(f"the frame at slot {slot} of {self.path} {problem}; run 'ticktape verify' on its journal",
                                      self.path, self.first + slot)
        return self.data[L.HEADER + slot * L.SLOT + 2]

    def mark_before(self, slot, end):
        """A slot at or before this one at which a frame begins. Marks are hints: an impossible one is passed over."""
        stride = L.stride_of(self.size)
        for i in range(min(slot // stride, L.MARK_COUNT - 1), 0, -1):
            mark = self.words[(L.MARKS >> 2) + i]
            if i * stride <= mark < (i + 1) * stride and mark <= slot and mark < end:
                return mark
        return 0

    def walk(self, slot, end):
        """The slots at which frames begin, from one up to `end`. Raises CorruptJournalError."""
        while slot < end:
            yield slot
            slot += self.check_frame(slot, end)

    def frame_time(self, slot):
        return struct.unpack_from('<q', self.data, L.HEADER + slot * L.SLOT + L.TIME)[0]

    def has_right_crc(self, slot, slots):
        at = L.HEADER + slot * L.SLOT
        return self.plain[(at + L.CRC) >> 2] == frame_crc(self.data, at, slots, self.first + slot)

    def close(self):
        self.file.close()


def create_page(directory, number, page_size, mode, checked, epoch, layout_hash, journal_id, boot, created, durable):
    """Creates a page: complete before it gets its name. Raises OSError."""
    header = bytearray(L.HEADER)
    _HEADER.pack_into(header, 0, L.MAGIC, 1, L.CHECKED if checked else 0, page_size, number, number * L.capacity_of(page_size),
                      created, boot, epoch, layout_hash, journal_id)
    struct.pack_into('<I', header, L.IDENTITY_CRC, crc32c(header[:L.IDENTITY_CRC]))
    name = L.page_name(number)
    temporary = name + '.tmp'
    directory.remove(temporary)
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=directory.fd)
    try:
        os.fchmod(fd, mode)
        os.posix_fallocate(fd, 0, page_size)
        os.pwrite(fd, header, 0)
        if durable:
            os.fsync(fd)
    except OSError:
        directory.remove(temporary)
        raise
    finally:
        os.close(fd)
    os.rename(temporary, name, src_dir_fd=directory.fd, dst_dir_fd=directory.fd)
    if durable:
        directory.sync()
