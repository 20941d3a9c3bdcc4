"""Momentum: buys when the fast average of the middle prices is above the slow one by a margin, and sells in the opposite case.

    npx ticktape run examples/momentum.py --home /tmp/desk --duration 10
    npx ticktape replay /tmp/desk
"""
from ticktape import Strategy

QUANTITY = 0.01
MOST = 0.05
#: Of the price: smaller movements are noise.
MARGIN = 0.00002


class Momentum(Strategy):
    id = 'momentum-py'
    symbols = ['BTCUSDT', 'ETHUSDT']

    def __init__(self):
        self.fast, self.slow = {}, {}

    def on_book(self, book):
        middle = (book.bid + book.ask) / 2
        fast = self.fast[book.instrument] = self.average(self.fast, book.instrument, middle, 1 / 10)
        slow = self.slow[book.instrument] = self.average(self.slow, book.instrument, middle, 1 / 100)
        if abs(fast - slow) < middle * MARGIN or self.open_orders(book.symbol):
            return
        side = 'buy' if fast > slow else 'sell'
        held = self.position(book.symbol).quantity
        if abs(held + (QUANTITY if side == 'buy' else -QUANTITY)) <= MOST:
            self.send_order(symbol=book.symbol, side=side, quantity=QUANTITY, price=book.ask if side == 'buy' else book.bid, time_in_force='ioc')

    def on_fill(self, fill):
        self.log(f'{fill.side} {fill.quantity} {fill.symbol} at {fill.price}, holds {self.position(fill.symbol).quantity}')

    @staticmethod
    def average(averages, instrument, value, weight):
        last = averages.get(instrument, value)
        return last + (value - last) * weight


strategy = Momentum
