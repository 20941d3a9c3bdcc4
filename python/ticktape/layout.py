"""The offsets of docs/format.md, each written once. In bytes from the start of their structure; all integers are little-endian."""

SLOT = 64
HEADER = 4096

MIN_PAGE, MAX_PAGE, DEFAULT_PAGE = 64 * 1024, 1024 * 1024 * 1024, 16 * 1024 * 1024
MAX_PAGE_NUMBER = 9_999_999_999

# Page header
MAGIC = b'TICKTAPE'
VERSION, FLAGS, PAGE_SIZE, PAGE_NUMBER, FIRST_POSITION, CREATED = 8, 12, 16, 20, 24, 32
BOOT_ID, EPOCH, LAYOUT_HASH, JOURNAL_ID, IDENTITY_CRC, IDENTITY_SIZE = 40, 56, 64, 72, 120, 128
CURSOR, SEALED, PAGE_CRC, PAGE_CRC_SET, DURABLE, MARKS, MARK_COUNT, MIN_STRIDE = 128, 256, 260, 264, 384, 512, 896, 256
CHECKED = 1  # FLAGS

# Frame
CRC, TIME, SMALL_HEADER, CAUSE, SOURCE, DEST, SINCE_ROOT, LARGE_HEADER = 4, 8, 16, 16, 24, 26, 28, 32
HAS_CAUSE = 1
MAX_SLOTS, MAX_TYPE = 255, 65535
CAUSE_BITS = 48
CAUSE_MASK = 2**CAUSE_BITS - 1
MAX_SINCE_ROOT = 2**32 - 1

# Control
CONTROL_MAGIC = b'TICKCTRL'
CONTROL_SIZE, CONTROL_VERSION, SLOT_COUNT, SLOT_SIZE = 65536, 2, 12, 16
SIGNAL, SLEEPERS, CURRENT_PAGE = 128, 256, 384
READER_SLOTS, READER_SIZE = 240, 256
# Reader slot
STATE, PID, PROCESS_START, HEARTBEAT, CHECKPOINT, POSITION, NAME, NAME_SIZE = 0, 4, 8, 16, 24, 32, 64, 64
FREE, WRITING, USED = 0, 1, 2


def capacity_of(page_size):
    """Slots of a page."""
    return (page_size - HEADER) // SLOT


def stride_of(page_size):
    """Slots between two marks."""
    stride, capacity = MIN_STRIDE, capacity_of(page_size)
    while -(-capacity // stride) > MARK_COUNT:
        stride *= 2
    return stride


def page_name(number):
    return f'{number:010d}.page'
