import importlib.util
import unittest

from test_writer import NOTE, QUOTE, Case

from ticktape import Reader, Writer, errors
from ticktape.columns import arrays

HAS_NUMPY = importlib.util.find_spec('numpy') is not None


class ArraysTest(Case):
    @unittest.skipIf(HAS_NUMPY, 'numpy is installed')
    def test_says_that_numpy_is_missing(self):
        with self.assertRaises(errors.InvalidOptionError):
            next(arrays(self.path, 'Quote'))

    @unittest.skipUnless(HAS_NUMPY, 'numpy is not installed')
    def test_of_one_kind_are_the_memory_itself(self):
        with Writer(self.path, page_size=65536) as writer:
            for n in range(2500):
                writer.write(QUOTE, symbol='AB', price=n, side='sell', ok=True)
        found = list(arrays(self.path, 'Quote'))
        self.assertEqual(len(found), 3)
        positions = [int(position) for part, _ in found for position in part]
        with Reader(self.path) as reader:
            self.assertEqual(positions, [frame.position for frame in reader])
        self.assertEqual([price for _, part in found for price in part['price']], list(range(2500)))
        _, first = found[0]
        self.assertFalse(first.flags.writeable)
        self.assertFalse(first.flags.owndata)
        self.assertEqual((first['symbol'][5], first['side'][5], first['ok'][5]), (b'AB', 1, True))

    @unittest.skipUnless(HAS_NUMPY, 'numpy is not installed')
    def test_between_others_are_found_also_when_payloads_look_like_headers(self):
        with Writer(self.path, page_size=65536) as writer:
            for n in range(1500):
                # Bytes 64 and 65 of the frame, where the next one would begin if it had one slot, look like another type.
                writer.write(NOTE, text='x', raw=bytes([1, 0, 1, 0]), single=n, small=n % 100, id=n, instrument=0, source=9)
                if n % 2 == 0:
                    writer.write(QUOTE, symbol='A', price=n, side='buy', ok=False)
        notes = [part for _, part in arrays(self.path, 'Note')]
        self.assertEqual([int(one) for part in notes for one in part['id']], list(range(1500)))
        self.assertTrue(all((part['source'] == 9).all() for part in notes))
        quotes = [float(one) for _, part in arrays(self.path, 'Quote') for one in part['price']]
        self.assertEqual(quotes, [float(n) for n in range(0, 1500, 2)])


if __name__ == '__main__':
    unittest.main()
