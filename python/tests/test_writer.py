import os
import shutil
import struct
import tempfile
import unittest
from unittest import mock

from ticktape import Reader, Writer, ascii, control, boolean, enum, errors, f32, f64, frame, i8, instrument, raw, text, u8, u64

QUOTE = frame('Quote', 1, {'symbol': ascii(4), 'price': f64, 'side': enum('buy', 'sell'), 'ok': boolean})
NOTE = frame('Note', 2, {'text': text(16), 'raw': raw(4), 'single': f32, 'small': i8, 'id': u64, 'instrument': instrument}, slots=2)


class Case(unittest.TestCase):
    def setUp(self):
        base = '/dev/shm' if os.path.isdir('/dev/shm') else None
        self.folder = tempfile.mkdtemp(prefix='ticktape-test-', dir=base)
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, 'journal')


class WriterTest(Case):
    def quote(self, writer, **changed):
        return writer.write(QUOTE, **{'symbol': 'BTC', 'price': 1.5, 'side': 'sell', 'ok': True, **changed})

    def test_what_is_written_is_read(self):
        with Writer(self.path, page_size=65536) as writer:
            writer.add_instruments([{'number': 7, 'venue': 'v', 'symbol': 'BTC'}])
            first = self.quote(writer)
            writer.write('Quote', symbol='', price=-0.0, side='buy', ok=False)
            writer.write(NOTE, text='é', raw=b'ab', single=0.1, small=-128, id=2**64 - 1, instrument=7, cause=first, source=3, dest=4)
        with Reader(self.path) as reader:
            one, two, note = reader
        self.assertEqual((one.symbol, one.price, one.side, one.ok), ('BTC', 1.5, 'sell', True))
        self.assertEqual(struct.pack('d', two.price), struct.pack('d', -0.0))
        self.assertEqual((note.text, note.raw, note.small, note.id), ('é', b'ab\0\0', -128, 2**64 - 1))
        self.assertEqual((note.cause, note.cause_journal, note.source, note.dest, note.symbol), (first, 0, 3, 4, 'BTC'))
        self.assertEqual(note.single, struct.unpack('f', struct.pack('f', 0.1))[0])

    def test_a_name_that_is_given_up_while_another_reader_takes_it_is_there_afterwards(self):
        with Writer(self.path, page_size=65536) as writer:
            self.quote(writer)
        first = Reader(self.path, name='one')
        lock_byte = control.lock_byte

        def lock(fd, at):
            # It has no checkpoint, so its slot becomes free: after the other one has found the name, and before that locks the slot.
            if at >= 4096:
                first.close()
            return lock_byte(fd, at)

        with mock.patch.object(control, 'lock_byte', lock), Reader(self.path, name='one') as second:
            self.assertEqual(second._control.words[4096 >> 2], 2)
            with mock.patch.object(control, 'lock_byte', lock_byte), self.assertRaises(errors.ReaderBusyError):
                Reader(self.path, name='one')

    def test_a_reader_that_is_open_learns_the_names_that_an_enum_gets(self):
        def write(state, *names):
            with Writer(self.path, page_size=65536) as writer:
                writer.write(frame('State', 9, {'state': enum(*names)}), state=state)
        write('off', 'on', 'off')
        with Reader(self.path) as reader:
            self.assertEqual([one.state for one in reader], ['off'])
            write('unknown', 'on', 'off', 'unknown')
            # A program with fewer names takes none away.
            write('on', 'on', 'off')
            self.assertEqual([one.state for one in reader], ['unknown', 'on'])
        with Reader(self.path) as reader:
            self.assertEqual([one.state for one in reader], ['off', 'unknown', 'on'])
        with self.assertRaises(errors.SchemaMismatchError):
            write('on', 'off', 'on')

    def test_pages_that_are_removed_meanwhile_are_passed_over(self):
        with Writer(self.path, page_size=65536) as writer:
            for _ in range(2000):
                self.quote(writer)
        with Reader(self.path) as reader:
            positions = reader.positions_of(QUOTE.id)
            last = next(positions)
            for number in range(2):
                os.unlink(os.path.join(self.path, f'{number:010}.page'))
            self.assertEqual([last, *positions], list(range(1999, 1919, -1)))

    def test_refuses_values_and_leaves_nothing_behind(self):
        bad = [{'symbol': 'é'}, {'symbol': 'a\0'}, {'symbol': 'toolong'}, {'price': 'x'}, {'price': None}, {'side': 'other'}, {'side': 0}, {'ok': 1}, {'more': 1}]
        with Writer(self.path, page_size=65536) as writer:
            position = self.quote(writer)
            for changed in bad:
                with self.subTest(changed), self.assertRaises(errors.FieldValueError):
                    self.quote(writer, **changed)
            with self.assertRaises(errors.FieldValueError):
                writer.write(QUOTE, symbol='BTC')
            for changed in ({'id': -1}, {'id': 2**64}, {'small': 128}, {'single': 1e39}, {'raw': b'12345'}, {'text': '\ud800'}):
                with self.subTest(changed), self.assertRaises(errors.FieldValueError):
                    writer.write(NOTE, **{'text': '', 'raw': b'', 'single': 1, 'small': 1, 'id': 1, 'instrument': 0, **changed})
            self.assertEqual(writer.position, position + 1)
            page = os.path.join(self.path, '0000000000.page')
            with open(page, 'rb') as file:
                file.seek(4096 + 64)
                self.assertFalse(any(file.read()))

    def test_atomic_is_all_or_nothing(self):
        with Writer(self.path, page_size=65536) as writer:
            with self.assertRaises(ZeroDivisionError), writer.atomic():
                self.quote(writer)
                1 / 0
            self.assertEqual(writer.position, 0)
            with writer.atomic():
                self.quote(writer)
                with Reader(self.path) as reader:
                    self.assertEqual(reader.batch(), [])
                self.quote(writer)
            self.assertEqual(writer.position, 2)
            with self.assertRaises(errors.InvalidStateError), writer.atomic():
                for _ in range(1000):
                    self.quote(writer)

    def test_is_the_only_writer(self):
        with Writer(self.path, page_size=65536):
            with self.assertRaises(errors.WriterLockedError) as caught:
                Writer(self.path)
            self.assertIn(str(os.getpid()), str(caught.exception))
        with Writer(self.path) as writer:
            self.assertEqual((writer.epoch, writer.page_size), (2, 65536))
            # A removed lock file lets no second writer in.
            os.unlink(os.path.join(self.path, 'writer.lock'))
            with self.assertRaises(errors.WriterLockedError):
                Writer(self.path)

    def test_stops_when_the_journal_is_removed(self):
        with Writer(self.path, page_size=65536) as writer:
            self.quote(writer)
            os.rename(self.path, self.path + '-moved')
            with self.assertRaises(errors.JournalReplacedError):
                for _ in range(2000):
                    self.quote(writer)

    def test_refuses_another_layout(self):
        with Writer(self.path, [QUOTE], page_size=65536):
            pass
        for other in (frame('Quote', 1, {'symbol': ascii(5)}), frame('Quote', 9, {'symbol': ascii(4)})):
            with self.assertRaises(errors.SchemaMismatchError):
                Writer(self.path, [other])
        with self.assertRaises(errors.InvalidOptionError):
            Writer(self.path, page_size=131072)

    def test_refuses_a_folder_of_other_files(self):
        os.mkdir(self.path)
        open(os.path.join(self.path, 'letter.txt'), 'w').close()
        with self.assertRaises(errors.NotAJournalError):
            Writer(self.path)
        self.assertEqual(os.listdir(self.path), ['letter.txt'])


class ReaderTest(Case):
    def setUp(self):
        super().setUp()
        with Writer(self.path, page_size=65536) as writer:
            self.positions = [writer.write(NOTE, text=str(n), raw=b'', single=0, small=0, id=n, instrument=0) if n % 3 == 0 else
                              writer.write(QUOTE, symbol='A', price=n, side='buy', ok=True) for n in range(3000)]

    def test_seeks_by_position_and_time(self):
        with Reader(self.path) as reader:
            frames = list(reader)
            self.assertEqual([one.position for one in frames], self.positions)
            for n in (0, 1, 700, 1499, 2999):
                reader.seek(self.positions[n])
                self.assertEqual(reader.next(), frames[n])
                reader.seek_time(frames[n].time)
                found = reader.next()
                self.assertEqual(found, next(one for one in frames if one.time >= frames[n].time))
                before = reader.frame_before(self.positions[n])
                self.assertEqual(before, frames[n - 1] if n > 0 else None)
            reader.seek_time(frames[-1].time + 1)
            self.assertIsNone(reader.next())
            with self.assertRaises(errors.InvalidOptionError):
                reader.seek(10**9)

    def test_continues_where_a_named_reader_stopped(self):
        with Reader(self.path, name='own') as reader:
            reader.batch(1234)
            reader.checkpoint()
            position = reader.position
            with self.assertRaises(errors.ReaderBusyError):
                Reader(self.path, name='own')
        with Reader(self.path, name='own') as reader:
            self.assertEqual(reader.position, position)
            reader.batch(10**6)
            self.assertEqual(reader.lag, 0)

    def test_polls_the_frames_that_have_handlers(self):
        seen = []
        with Reader(self.path) as reader:
            while reader.poll({'Note': lambda note: seen.append(note.id)}, 100) > 0:
                pass
        self.assertEqual(seen, list(range(0, 3000, 3)))

    def test_says_when_pages_are_gone(self):
        os.unlink(os.path.join(self.path, '0000000000.page'))
        with Reader(self.path) as reader:
            with self.assertRaises(errors.PositionGoneError) as caught:
                reader.seek(0)
            self.assertEqual(caught.exception.first_position, reader.position)

    def test_names_damage(self):
        page = os.path.join(self.path, '0000000000.page')
        for offset, data in ((4096, b'\0\0'), (4096 + 2, b'\0'), (4096 + 2, b'\xff'), (128, b'\xff' * 4), (18, b'\0')):
            with open(page, 'r+b') as file:
                file.seek(offset)
                good = file.read(len(data))
                file.seek(offset)
                file.write(data)
            with self.subTest(offset), self.assertRaises(errors.CorruptJournalError), Reader(self.path) as reader:
                list(reader)
            with open(page, 'r+b') as file:
                file.seek(offset)
                file.write(good)
        with Reader(self.path) as reader:
            self.assertEqual(len(list(reader)), 3000)

    def test_names_a_value_that_its_field_cannot_have(self):
        with open(os.path.join(self.path, '0000000000.page'), 'r+b') as file:
            file.seek(4096 + 2 * 64 + 16)
            file.write(b'\xff')
        with Reader(self.path) as reader:
            quote = list(reader)[1]
        with self.assertRaises(errors.CorruptJournalError):
            quote.symbol


class AtomicWordsTest(Case):
    def test_loads_and_stores_as_a_memoryview_does(self):
        from ticktape import system
        try:
            system._libatomic()
        except errors.UnsupportedPlatformError as error:
            self.skipTest(str(error))
        with Writer(self.path, [QUOTE], page_size=65536):
            pass
        file = system.MappedFile(os.path.join(self.path, '0000000000.page'), True)
        words = system.AtomicWords(file.memory)
        words[32] = 2**32 - 2
        self.assertEqual((words[32], file.plain[32]), (2**32 - 2, 2**32 - 2))
        words.release()
        file.close()


class DefinitionTest(unittest.TestCase):
    def test_refuses_what_the_format_cannot_hold(self):
        for make in (lambda: frame('1', 1, {}), lambda: frame('A', 0, {}), lambda: frame('A', 1, {'time': u8}), lambda: frame('A', 1, {'a': 3}),
                     lambda: frame('A', 1, {'instrument': instrument, 'symbol': u8}), lambda: ascii(0), lambda: enum('a', 'a'),
                     lambda: frame('A', 1, {'a': raw(16320)})):
            with self.assertRaises(errors.FrameDefinitionError):
                make()


if __name__ == '__main__':
    unittest.main()
