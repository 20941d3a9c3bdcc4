import unittest
from decimal import Decimal
from fractions import Fraction

from ticktape import errors
from ticktape.strategy.ages import Ages
from ticktape.strategy.host import Random
from ticktape.strategy.own_positions import Book, InverseBook, units_of
from ticktape.strategy.request import check_request, check_timer
from ticktape.strategy.terms import Instruments, Terms

ENTRY = {'number': 1, 'venue': 'sim', 'symbol': 'BTC', 'priceTick': '0.5', 'quantityStep': '1', 'multiplier': '100', 'inverse': True}
EMPTY = {'side': 'buy', 'quantity': 1, 'symbol': 'BTC', 'instrument': None, 'price': None, 'stop_price': None, 'order_type': None,
         'time_in_force': None, 'expire_at': None, 'post_only': False, 'reduce_only': False, 'client_order_id': None}


class RequestTest(unittest.TestCase):
    def test_completes_the_type_and_the_time_in_force(self):
        for given, wanted in (({}, ('market', 'ioc')), ({'price': 1}, ('limit', 'gtc')), ({'stop_price': 1}, ('stop', 'ioc')),
                              ({'price': 1, 'stop_price': 2}, ('stop-limit', 'gtc')), ({'price': 1, 'time_in_force': 'fok'}, ('limit', 'fok'))):
            self.assertEqual(check_request({**EMPTY, **given}), wanted)

    def test_refuses_what_cannot_be_meant(self):
        for given in ({'side': 'long'}, {'quantity': 0}, {'quantity': float('nan')}, {'quantity': float('inf')}, {'quantity': True}, {'quantity': '1'},
                      {'price': -1}, {'symbol': None}, {'symbol': 3}, {'order_type': 'limit'}, {'order_type': 'market', 'price': 1},
                      {'price': 1, 'time_in_force': 'gtd'}, {'expire_at': 5}, {'post_only': True}, {'price': 1, 'post_only': 1},
                      {'price': 1, 'time_in_force': 'ioc', 'post_only': True}, {'client_order_id': 'x' * 33}, {'client_order_id': 'a\0'}):
            with self.subTest(given), self.assertRaises(errors.InvalidOptionError):
                check_request({**EMPTY, **given})

    def test_timers(self):
        self.assertEqual(check_timer('a', 5, None), (5_000_000, 0))
        self.assertEqual(check_timer('a', None, 1.5), (1_500_000, 1_500_000))
        for name, after, every in (('a', None, None), ('a', 1, 1), ('a', 0, None), ('a b', 1, None), ('', 1, None), ('a', '1', None)):
            with self.assertRaises(errors.InvalidOptionError):
                check_timer(name, after, every)


class PositionTest(unittest.TestCase):
    def test_average_cost_is_exact(self):
        book, quantity, cost, realised = Book(), Fraction(0), Fraction(0), Fraction(0)
        for change, price in ((0.1, 100.1), (0.2, 100.3), (-0.15, 101.7), (-0.3, 99.9), (0.15, 100)):
            book.apply(units_of(abs(change)) * (1 if change > 0 else -1), units_of(price))
            step, at = Fraction(str(change)), Fraction(str(price))
            closes = Fraction(0) if quantity * step >= 0 else (min(abs(quantity), abs(step)) * (1 if step > 0 else -1))
            part = Fraction(0) if quantity == 0 else cost * (-closes / quantity)
            realised += -closes * at - part
            cost += (step - closes) * at - part
            quantity += step
            shown = book.shown([units_of(100.0)] * 2, Decimal(1))
            self.assertEqual(shown.quantity, float(quantity))
            self.assertAlmostEqual(shown.realised, float(realised), 12)
            self.assertAlmostEqual(shown.unrealised, float(quantity * 100 - cost), 12)
            self.assertAlmostEqual(shown.average_price, 0.0 if quantity == 0 else float(cost / quantity), 12)

    def test_inverse_contracts_are_worth_their_value_by_the_price(self):
        book = InverseBook(Terms(ENTRY))
        book.apply(True, 50_000.0, 10.0)
        book.apply(False, 40_000.0, 4.0)
        ticks = int(Decimal(50_000) / Decimal(ENTRY['priceTick']))
        shown = book.shown((ticks, ticks))
        self.assertEqual((shown.quantity, shown.average_price), (6.0, 50_000.0))
        self.assertAlmostEqual(shown.realised, 400 / 50_000 - 400 / 40_000, 15)
        self.assertAlmostEqual(shown.unrealised, 0.0, 15)


class InstrumentsTest(unittest.TestCase):
    def test_symbols_of_two_venues_need_one(self):
        instruments = Instruments()
        instruments.add(ENTRY)
        self.assertEqual(instruments.find('BTC').number, 1)
        instruments.add({**ENTRY, 'number': 2, 'venue': 'other'})
        with self.assertRaises(errors.AmbiguousSymbolError):
            instruments.find('BTC')
        self.assertEqual((instruments.find('BTC.other').number, instruments.find('BTC', 'sim').number), (2, 1))
        # Changed terms are another instrument, which takes over the name.
        instruments.add({**ENTRY, 'number': 3, 'priceTick': '1'})
        self.assertEqual(instruments.find('BTC.sim').number, 3)
        with self.assertRaises(errors.UnknownInstrumentError):
            instruments.find('ETH')


class OtherTest(unittest.TestCase):
    def test_random_numbers_come_from_the_seed(self):
        self.assertEqual([Random(7)() for _ in range(3)], [Random(7).random()] * 3)

    def test_ages_are_counted_to_a_sixteenth(self):
        ages = Ages()
        for ns in (*[1000] * 98, 5_000_000, 2**40):
            ages.record(ns)
        half, most = ages.quantiles(0.5, 0.99)
        self.assertTrue(1000 <= half <= 1063 and 5_000_000 <= most <= 5_000_000 * 17 / 16)
        self.assertEqual(len(ages.packed()), 1856)



if __name__ == '__main__':
    unittest.main()
