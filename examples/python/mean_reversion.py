"""Buys below a slow average of the market and sells above it: one limit order at a time, cancelled when the market has gone away.

    npx ticktape run examples/python/mean-reversion.json --home /tmp/desk --duration 10
"""
from strategy_process import run

SYMBOL, SIZE, MOST = 'BTCUSDT', 0.01, 0.05


class MeanReversion:
    def __init__(self):
        self.fast = self.slow = self.seen = 0

    def on_start(self, context):
        context.every(1000, 'report')

    def on_book(self, book, context):
        if context.symbol(book['instrument']) != SYMBOL:
            return
        middle = (book['bid'] + book['ask']) / 2
        self.seen += 1
        self.fast += (middle - self.fast) / min(self.seen, 5)
        self.slow += (middle - self.slow) / min(self.seen, 100)
        if self.seen < 100:
            return
        held = context.positions.get(SYMBOL, 0)
        spread = book['ask'] - book['bid']
        side = price = None
        if self.fast > self.slow + spread and held > -MOST:
            side, price = 'sell', book['ask']
        elif self.fast < self.slow - spread and held < MOST:
            side, price = 'buy', book['bid']
        mine = list(context.open_orders.items())
        if not mine and side is not None:
            context.order(book['instrument'], side, SIZE, price)
        for order_id, order in mine:
            if not order['pending'] and (order['side'] != side or abs(order['price'] - price) > 5 * spread):
                context.cancel(order_id)

    def on_stop(self, context):
        context.cancel_all()


if __name__ == '__main__':
    run(MeanReversion())
