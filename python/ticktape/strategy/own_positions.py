"""A strategy's own positions, from its fills: the same numbers as the library for Node calculates, in whole units of 10^-18."""
from decimal import Decimal, localcontext

from .strategy import Position

_SCALE = 18
#: Decimals of money: those of a price times a quantity, and 16 for the remainders of divisions.
_GUARD = 16
_HALF = 8
_MONEY = 2 * _SCALE + _GUARD
NOTHING = Position(0.0, 0.0, 0.0, 0.0)


def divide(value, divisor):
    """A quotient of whole numbers rounded to the nearest one, halves to the even one."""
    negative = (value < 0) != (divisor < 0)
    quotient, rest = divmod(abs(value), abs(divisor))
    twice = 2 * rest
    if twice > abs(divisor) or (twice == abs(divisor) and quotient & 1):
        quotient += 1
    return -quotient if negative else quotient


def units_of(value):
    """A price or a quantity in units of 10^-18. Of a double the shortest text counts; more decimals are those of a calculation."""
    with localcontext() as context:
        context.prec = 80
        exact = Decimal(repr(value)).scaleb(_SCALE)
        if exact != exact.to_integral_value():
            exact = Decimal(f'{value:.15g}').scaleb(_SCALE)
        return int(exact.to_integral_value())


def number_of(units, scale):
    with localcontext() as context:
        context.prec = 80
        return float(Decimal(units).scaleb(-scale))


class Book:
    """One position by the average cost method: a fill that closes a part of the quantity removes the same part of the cost."""

    def __init__(self, quantity=0, cost=0, realised=0, fees=0):
        self.quantity, self.cost, self.realised, self.fees = quantity, cost, realised, fees

    def apply(self, change, price):
        paid = change * price * 10**_GUARD
        opening = self.quantity == 0 or (self.quantity < 0) == (change < 0)
        closes = 0 if opening else (max(-change, self.quantity) if -change < 0 else min(-change, self.quantity))
        paid_to_close = divide(paid * -closes, change)
        if closes != 0:
            cost = self.cost if closes == self.quantity else divide(self.cost * closes, self.quantity)
            self.realised += -paid_to_close - cost
            self.cost -= cost
            self.quantity -= closes
        self.quantity += change + closes
        self.cost += paid - paid_to_close

    def shown(self, quote, multiplier):
        """`quote` has the bid and the ask, in units; None before the first."""
        average = 0 if self.quantity == 0 else divide(self.cost * 10**_HALF, self.quantity * 10**_GUARD)
        twice = sum(_rounded(self.quantity * price * 10**_GUARD - self.cost) for price in quote or ())
        return Position(number_of(self.quantity, _SCALE), number_of(divide(average, 10**_HALF), _SCALE),
                        _money(2 * _rounded(self.realised), multiplier), _money(twice, multiplier))


def _rounded(value):
    """Money as it is shown: with the decimals of a price times a quantity."""
    value = divide(value, 10**(_MONEY - 2 * _SCALE - _HALF))
    return divide(value, 10**_HALF)


def _money(twice, multiplier):
    """Half of an amount, times the multiplier: the nearest double."""
    with localcontext() as context:
        context.prec = 120
        return float(Decimal(5 * twice).scaleb(-2 * _SCALE - 1) * multiplier)


class InverseBook:
    """A position in an inverse contract: a quantity of 1 is `multiplier` units of the quote currency. Money is in units of 10^-18 of the
    settlement currency; each fill, and each part that is closed, is rounded once, halves away from 0."""

    def __init__(self, terms, steps=0, cost=0, realised=0):
        self._terms, self.steps, self.cost, self.realised = terms, steps, cost, realised

    def apply(self, is_buy, price, quantity):
        ticks, count = _nearest_multiple(price, self._terms.tick), _nearest_multiple(quantity, self._terms.step)
        signed = count if is_buy else -count
        is_closing = self.steps != 0 and (self.steps > 0) != is_buy
        closed = min(count, abs(self.steps)) if is_closing else 0
        if closed > 0:
            part = _nearest(self.cost * closed, abs(self.steps))
            leaving = closed if self.steps > 0 else -closed
            self.realised += part - self._value(leaving, ticks)
            self.cost -= part
            self.steps -= leaving
        opened = signed - closed if is_buy else signed + closed
        self.steps += opened
        self.cost += self._value(opened, ticks)

    def shown(self, quote):
        """`quote` has the bid and the ask, in ticks; None before the first."""
        quantity = float(self.steps * self._terms.step)
        worth = quantity * float(self._terms.multiplier)
        unrealised = 0 if quote is None else self.cost - self._value(2 * self.steps, sum(quote))
        return Position(quantity, 0.0 if self.steps == 0 else worth / number_of(self.cost, _SCALE), number_of(self.realised, _SCALE),
                        number_of(unrealised, _SCALE))

    def _value(self, steps, ticks):
        if ticks == 0:
            return 0
        per_step, tick = (self._terms.step * self._terms.multiplier).as_integer_ratio(), self._terms.tick.as_integer_ratio()
        return _nearest(steps * per_step[0] * tick[1] * 10**_SCALE, ticks * tick[0] * per_step[1])


def _nearest(dividend, divisor):
    quotient = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -quotient if dividend < 0 else quotient


def _units(value):
    """A decimal in units of 10^-18."""
    with localcontext() as context:
        context.prec = 80
        return int(Decimal(value).scaleb(_SCALE).to_integral_value())


def _nearest_multiple(value, step):
    return int((Decimal(repr(value)) / step).to_integral_value())


class OwnPositions:
    def __init__(self, instruments):
        self._instruments = instruments
        self._books, self._inverse = {}, {}
        #: By the instrument's number: the last BookTop frame, or (bid, ask) from a snapshot.
        self.quotes = {}

    def filled(self, fill):
        terms = self._instruments.by_number.get(fill.instrument)
        if terms is None:
            return
        if terms.is_inverse:
            self._inverse_of(terms).apply(fill.side == 'buy', fill.price, fill.quantity)
        else:
            quantity = _units(_nearest_multiple(fill.quantity, terms.step) * terms.step)
            price = _units(_nearest_multiple(fill.price, terms.tick) * terms.tick)
            self._books.setdefault(terms.name, Book()).apply(quantity if fill.side == 'buy' else -quantity, price)

    def _inverse_of(self, terms):
        if terms.number not in self._inverse:
            self._inverse[terms.number] = InverseBook(terms)
        return self._inverse[terms.number]

    def of(self, terms):
        """Zeros for None: an instrument of which nothing is known yet."""
        if terms is None:
            return NOTHING
        quote = self._quote(terms)
        if terms.is_inverse:
            return self._inverse_of(terms).shown(quote)
        book = self._books.get(terms.name)
        prices = None if quote is None else [_units(ticks * terms.tick) for ticks in quote]
        return NOTHING if book is None else book.shown(prices, terms.multiplier)

    def held(self):
        """The terms of the instruments in which it holds something."""
        found = [self._instruments.look_up(*name.rsplit('.', 1)) for name, book in self._books.items() if book.quantity != 0]
        return found + [self._instruments.by_number[number] for number, book in self._inverse.items() if book.steps != 0]

    def _quote(self, terms):
        """The bid and the ask of the last quote, in ticks; None without both."""
        quote = self.quotes.get(terms.number)
        if quote is None:
            return None
        bid, ask = quote if type(quote) is tuple else (quote.bid, quote.ask)
        if not (bid > 0 and ask > 0):
            return None
        ticks = _nearest_multiple(bid, terms.tick), _nearest_multiple(ask, terms.tick)
        return ticks if min(ticks) > 0 else None

    def load(self, saved):
        """What a snapshot has of them."""
        for name, *numbers in saved['positions']:
            self._books[name] = Book(*(int(number) for number in numbers))
        for one in saved['inverse']:
            terms = self._instruments.by_number.get(one['number'])
            if terms is not None:
                self._inverse[terms.number] = InverseBook(terms, *(int(number) for number in one['saved']))
