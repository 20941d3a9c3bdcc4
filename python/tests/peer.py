"""The Python side of the tests in test/python: reads, writes and recovers journals as it is told."""
import json
import random
import struct
import sys
import time

from ticktape import Reader, Writer, frame, u32, u64

SMALL = frame('Small', 1, {'n': u64})
LARGE = frame('Large', 2, {'n': u64, 'other': u32}, slots=3)


def plain(field, value):
    """A value that JSON has, exactly."""
    if field.kind in ('f32', 'f64'):
        return struct.pack('<d', value).hex()
    if field.kind == 'bytes':
        return value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read(path):
    """Prints all frames, a JSON object a line."""
    with Reader(path) as reader:
        for one in reader:
            fields = {field.name: plain(field, getattr(one, field.name)) for field in one.definition.fields}
            header = [str(value) for value in (one.position, one.time, one.cause, one.cause_journal, one.source, one.dest)]
            print(json.dumps({'name': one.definition.name, 'header': header, 'fields': fields}))


def write(path, copy, durability):
    """Writes the frames of a journal into another one, with definitions of its own."""
    with Reader(path) as reader:
        frames = list(reader)
    with Writer(copy, reader.schema.definitions, page_size=65536, durability=durability) as writer:
        for one in frames:
            large = {'cause': one.cause, 'cause_journal': one.cause_journal, 'source': one.source, 'dest': one.dest} if one.slots > 1 else {}
            writer.write(one.definition, **large, **one.to_dict())


def last_n(path):
    with Reader(path) as reader:
        found = None
        for number in reversed(reader._pages()):
            reader.seek(number * reader._page.capacity)
            found = next(iter(reversed(list(reader))), None)
            if found is not None:
                return found.n
    return 0


def append(path, durability, forever):
    """Writes frames that count on: for ever, until it is killed; else a few."""
    with Writer(path, [SMALL, LARGE], page_size=65536, durability=durability) as writer:
        n = last_n(path)
        print('writes', flush=True)
        chance = random.Random(n)
        end = time.monotonic() + (60 if forever else 0.002)
        while time.monotonic() < end:
            # Groups appear whole or not at all.
            with writer.atomic():
                for _ in range(3):
                    n += 1
                    writer.write(LARGE, n=n, other=7) if chance.random() < 0.3 else writer.write(SMALL, n=n)


def follow(path, count):
    """Sleeps until frames come. Prints the mean age of so many frames in µs, and the share of the time in which it ran."""
    with Reader(path, start='end') as reader:
        print('follows', flush=True)
        begun, used, ages = time.monotonic(), time.process_time(), []
        for one in reader.follow(timeout=20):
            ages.append(time.time_ns() - one.time)
            if len(ages) == int(count):
                break
        print(json.dumps({'count': len(ages), 'median': sorted(ages)[len(ages) // 2] / 1e3,
                          'share': (time.process_time() - used) / (time.monotonic() - begun)}), flush=True)


if __name__ == '__main__':
    what, *arguments = sys.argv[1:]
    if what == 'kill-me':
        append(*arguments, True)
    elif what == 'append':
        append(*arguments, False)
    else:
        {'read': read, 'write': write, 'follow': follow}[what](*arguments)
