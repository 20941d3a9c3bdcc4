"""Recovery: what the next writer does before it writes (docs/format.md). First it only reads and decides, and refuses before anything is changed."""
from collections import namedtuple

from . import layout as L
from .checksum import frame_crc
from .errors import CorruptJournalError, RecoveryRefusedError
from .page import Page

#: The end of a journal: its last page, mapped writable; the slot and the time of the next frame; whether the page takes no more frames;
#: and whether frames below a cursor could not be kept.
Tail = namedtuple('Tail', 'page slot last_time is_full dropped')


def recover(directory, boot):
    """The tail of a journal; None of a new one. The caller holds the writer's lock.

    Raises RecoveryRefusedError when durable frames are damaged or missing, CorruptJournalError for what no crash can cause.
    """
    numbers = directory.pages()
    for before, after in zip(numbers, numbers[1:]):
        if after != before + 1:
            path = directory.page_path(before + 1)
            raise CorruptJournalError(f"{path} is missing, but later pages exist; save the good frames with 'ticktape repair'", path)
    if not numbers or (len(numbers) == 1 and _is_blank(directory, numbers[0])):
        for number in numbers:
            directory.remove(L.page_name(number))
        _remove_temporaries(directory)
        return None
    pages = _Pages(directory)
    try:
        current = _current(pages, numbers, boot)
        page = pages[current]
        same_boot = page.boot_id == boot
        if current < numbers[-1]:
            _check_prepared(pages, current + 1, same_boot)
        number, slot, dropped = (current, _checked_cursor(page), 0) if same_boot else _durable_end(pages, numbers, current)
        tail = pages[number]
        last_time = _last_time(pages, numbers[0], number, slot)
        # Up to here nothing was changed. From here on nothing is refused.
        _remove_temporaries(directory)
        _cut(tail, slot, not same_boot)
        for surplus in range(numbers[-1], number, -1):
            directory.remove(L.page_name(surplus))
        if numbers[-1] > number:
            directory.sync()
        pages.release(number)
        return Tail(tail, slot, last_time, tail.sealed or not same_boot, dropped)
    finally:
        pages.close()


class _Pages:
    """Pages mapped when they are asked for."""

    def __init__(self, directory):
        self._directory, self._open = directory, {}

    def __getitem__(self, number):
        if number not in self._open:
            self._open[number] = Page(self._directory, number, writable=True)
        return self._open[number]

    def is_lost(self, number):
        """Whether its name reached the disk, but its header did not: only of pages without checksums, which are not synced before."""
        try:
            self[number]
            return False
        except CorruptJournalError:
            if self[number - 1].checked:
                raise
            return True

    def release(self, number):
        del self._open[number]

    def close(self):
        for page in self._open.values():
            page.close()
        self._open = {}


def _current(pages, numbers, boot):
    """The page that was being written: the last one, or the one before it when that is not sealed."""
    last = numbers[-1]
    if len(numbers) > 1 and not pages[last - 1].sealed:
        return last - 1
    if len(numbers) > 1 and pages[last - 1].boot_id != boot and pages.is_lost(last):
        return last - 1
    return pages[last].number


def _check_prepared(pages, number, same_boot):
    try:
        page = pages[number]
    except CorruptJournalError:
        if same_boot:
            raise
        return
    if page.durable > 0:
        raise _refused(page, 0, 'the page before it is not sealed')
    if page.cursor > 0 and same_boot:
        raise CorruptJournalError(f"{page.path} has frames, but the page before it is not sealed, which no crash can cause; save the good frames "
                                  "with 'ticktape repair'", page.path)


def _checked_cursor(page):
    """The process died, the machine did not: the kernel has all its stores."""
    cursor = page.cursor
    for _ in page.walk(0, cursor):
        pass
    return cursor


def _durable_end(pages, numbers, current):
    """The machine stopped: frames are kept as long as they are good, from the first page that is not completely durable."""
    number = current
    boot = pages[current].boot_id
    while number > numbers[0]:
        before = number - 1
        if not (before > numbers[0] and pages.is_lost(before)):
            page = pages[before]
            if page.boot_id != boot or (page.sealed and page.cursor > 0 and page.durable == page.cursor):
                break
        number = before
    while True:
        page = pages[number]
        slot, why = _good_end(page)
        if slot < page.durable:
            raise _refused(page, slot, why)
        if page.sealed and slot == page.cursor and number < current and not pages.is_lost(number + 1):
            number += 1
            continue
        dropped = max(0, page.cursor - slot)
        for later in range(number + 1, current + 1):
            if pages.is_lost(later):
                continue
            if pages[later].durable > 0:
                raise _refused(page, slot, why)
            dropped += pages[later].cursor
        return number, slot, dropped


def _good_end(page):
    """The slot after the last good frame, and why it ends there. In a page with checksums regardless of the cursor."""
    end = page.capacity if page.checked else page.cursor
    slot, time = 0, -2**63
    while slot < end:
        problem = page.damage(slot, end)
        if problem is not None:
            return slot, problem
        slots = page.data[L.HEADER + slot * L.SLOT + 2]
        if page.checked and not page.has_right_crc(slot, slots):
            return slot, 'has a wrong checksum'
        if page.checked and page.frame_time(slot) < time:
            return slot, 'is older than the frame before it'
        time = page.frame_time(slot)
        slot += slots
    return slot, 'is the end'


def _last_time(pages, first, number, slot):
    """The time of the journal's last frame; 0 when it has none."""
    while True:
        page = pages[number]
        last = None
        for last in page.walk(page.mark_before(max(0, slot - 1), slot), slot):
            pass
        if last is not None:
            return page.frame_time(last)
        if number == first:
            return 0
        number -= 1
        slot = pages[number].cursor


def _cut(page, slot, after_power_loss):
    """Makes the slot the page's end: the bytes after it are zero. A crash in between is safe."""
    start = L.HEADER + slot * L.SLOT
    for at in range(start, page.size, 65536):
        end = min(at + 65536, page.size)
        # Only what is not zero: writing zeros would give memory to a page that has none.
        if any(page.data[at:end]):
            page.data[at:end] = bytes(end - at)
    set_marks(page, slot, again=after_power_loss)
    if page.words[L.CURSOR >> 2] != slot:
        page.words[L.PAGE_CRC_SET >> 2] = 0
        page.words[L.CURSOR >> 2] = slot
    if after_power_loss:
        page.words[L.SEALED >> 2] = 0
        make_durable(page)


def set_marks(page, end, again):
    """Clears the marks from `end` on; with `again` all of them, and sets those of the frames before `end`."""
    stride, base = L.stride_of(page.size), L.MARKS >> 2
    for i in range(1, L.MARK_COUNT):
        if page.words[base + i] >= (0 if again else end):
            page.words[base + i] = 0
    if again:
        for slot in page.walk(0, end):
            mark = slot // stride
            if mark > 0 and page.words[base + mark] == 0:
                page.words[base + mark] = slot


def stamp(page, durable, cursor):
    """Stores the checksums of the frames in between."""
    for slot in page.walk(durable, cursor):
        at = L.HEADER + slot * L.SLOT
        page.plain[(at + L.CRC) >> 2] = frame_crc(page.data, at, page.data[at + 2], page.first + slot)


def make_durable(page):
    """All frames of the page are on the disk afterwards: first their checksums, then the sync, then DURABLE. Raises OSError."""
    cursor, durable = page.cursor, page.durable
    if page.checked:
        stamp(page, durable, cursor)
    page.file.sync(0, page.size)
    page.words[L.DURABLE >> 2] = cursor
    page.file.sync(0, L.HEADER)


def catch_up(directory, tail, unpromised):
    """Makes the pages before the tail durable that earlier writers had published and not synced: a later frame must not be durable before.

    `unpromised`: also pages without checksums, which nobody had promised to make durable.
    """
    first = directory.pages()[0]
    number, behind = tail.number, []
    while number > first:
        page = Page(directory, number - 1, writable=True)
        if not page.checked and not unpromised:
            page.close()
            break
        number -= 1
        behind.append(page)
        # Its frames are durable, but its seal may not be: it is synced once more, and no earlier one.
        if page.cursor > 0 and page.durable == page.cursor:
            break
    for page in reversed(behind):
        make_durable(page)
        page.close()


def _remove_temporaries(directory):
    for name in directory.temporaries():
        directory.remove(name)


def _is_blank(directory, number):
    """Whether a page's name reached the disk before a power loss, and none of its bytes."""
    found = directory.stat(L.page_name(number))
    if found is None or found.st_size > L.MAX_PAGE:
        return False
    data = directory.read(L.page_name(number), L.MAX_PAGE)
    return not any(memoryview(data)[:L.HEADER]) and not any(data)


def _refused(page, slot, why):
    return RecoveryRefusedError(
        f'{page.path} is damaged from slot {slot} on (the frame {why}), but frames after that are marked as durable. Nothing was changed; save the '
        "good frames with 'ticktape repair'", page.path, page.first + slot)
