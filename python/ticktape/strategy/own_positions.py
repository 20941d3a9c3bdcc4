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

    def shown(self, middle, multiplier):
        average = 0 if self.quantity == 0 else divide(self.cost * 10**_HALF, self.quantity * 10**_GUARD)
        unrealised = 0 if middle is None else self.quantity * units_of(middle) * 10**_GUARD - self.cost
        factor = float(multiplier)
        return Position(number_of(self.quantity, _SCALE), number_of(divide(average, 10**_HALF), _SCALE),
                        _money(self.realised) * factor, _money(unrealised) * factor)


def _money(value):
    """Rounded as a result is, and then once to a double."""
    decimals = 2 * _SCALE
    value = divide(value, 10**(_MONEY - decimals - _HALF))
    return number_of(divide(value, 10**_HALF), decimals)


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

    def shown(self, middle):
        quantity = float(self.steps * self._terms.step)
        worth = quantity * float(self._terms.multiplier)
        cost = number_of(self.cost, _SCALE)
        return Position(quantity, 0.0 if self.steps == 0 else worth / cost, number_of(self.realised, _SCALE),
                        0.0 if self.steps == 0 or middle is None else cost - worth / middle)

    def _value(self, steps, ticks):
        if ticks == 0:
            return 0
        per_step, tick = (self._terms.step * self._terms.multiplier).as_integer_ratio(), self._terms.tick.as_integer_ratio()
        return _nearest(steps * per_step[0] * tick[1] * 10**_SCALE, ticks * tick[0] * per_step[1])


def _nearest(dividend, divisor):
    quotient = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -quotient if dividend < 0 else quotient


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
            quantity = units_of(fill.quantity)
            self._books.setdefault(terms.name, Book()).apply(quantity if fill.side == 'buy' else -quantity, units_of(fill.price))

    def _inverse_of(self, terms):
        if terms.number not in self._inverse:
            self._inverse[terms.number] = InverseBook(terms)
        return self._inverse[terms.number]

    def of(self, terms):
        """Zeros for None: an instrument of which nothing is known yet."""
        if terms is None:
            return NOTHING
        middle = self._middle(terms.number)
        if terms.is_inverse:
            return self._inverse_of(terms).shown(middle)
        book = self._books.get(terms.name)
        return NOTHING if book is None else book.shown(middle, terms.multiplier)

    def held(self):
        """The terms of the instruments in which it holds something."""
        found = [self._instruments.look_up(*name.rsplit('.', 1)) for name, book in self._books.items() if book.quantity != 0]
        return found + [self._instruments.by_number[number] for number, book in self._inverse.items() if book.steps != 0]

    def _middle(self, number):
        quote = self.quotes.get(number)
        if quote is None:
            return None
        bid, ask = quote if type(quote) is tuple else (quote.bid, quote.ask)
        return (bid + ask) / 2 if bid > 0 and ask > 0 else None

    def load(self, saved):
        """What a snapshot has of them."""
        for name, *numbers in saved['positions']:
            self._books[name] = Book(*(int(number) for number in numbers))
        for one in saved['inverse']:
            terms = self._instruments.by_number.get(one['number'])
            if terms is not None:
                self._inverse[terms.number] = InverseBook(terms, *(int(number) for number in one['saved']))
