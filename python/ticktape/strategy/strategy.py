"""The class that a strategy is derived from."""
from collections import namedtuple

#: A strategy's position, in units of the instrument and of its settlement currency, without fees. `unrealised` is the profit of closing it at
#: the middle of the last quote; 0 before the first one.
Position = namedtuple('Position', 'quantity average_price realised unrealised')
#: An order that is not final. `state` is 'submitted' until the first report.
OpenOrder = namedtuple('OpenOrder', 'order_id instrument symbol side price quantity filled_quantity state pending_cancel pending_amend '
                                    'client_order_id')
#: A timer that is due: its name, what `timer` returned, and when it was due in ns since 1970.
TimerEvent = namedtuple('TimerEvent', 'name id due')


class Strategy:
    """A strategy: a class derived from this one, and `strategy = ThatClass` at the end of its module.

        from ticktape import Strategy

        class Momentum(Strategy):
            id = 'momentum'
            symbols = ['BTCUSDT']

            def on_book(self, book):
                if not self.open_orders() and self.position('BTCUSDT').quantity < 0.05:
                    self.send_order(symbol=book.symbol, side='buy', quantity=0.01, price=book.ask, time_in_force='ioc')

        strategy = Momentum

    The gateway makes one object in a process of its own at each start. Handlers are called once for each frame, in the order of the sequence.
    All that one handler sends appears together when it returns. Decisions must depend on frames and on what this class answers alone, not on
    clocks or other sources of chance; otherwise a replay differs.
    """

    #: Its permanent name: 1 to 32 letters, digits, '_', '.', '-'.
    id = None
    #: Market data of these only: 'BTCUSDT', or with its venue 'BTCUSDT.binance'. None for all.
    symbols = None
    #: Where it begins when it has never run: at the sequence's 'start', or at its 'end'.
    from_ = 'start'

    # What it handles

    def on_start(self):
        """Before the first frame. Positions and open orders are known; orders cannot be sent yet, timers can be asked for."""

    def on_stop(self):
        """Before it stops: the last time that it can cancel orders. Not called when it is killed."""

    def on_ticker(self, ticker):
        """symbol, instrument, venue_time, last, bid, ask, volume."""

    def on_book(self, book):
        """symbol, instrument, venue_time, bid, ask, bid_size, ask_size."""

    def on_trade(self, trade):
        """symbol, instrument, venue_time, side (the aggressor's), price, quantity, trade_id."""

    def on_order(self, report):
        """A report on an order of this strategy: order_id, symbol, state, reason, price, quantity, filled_quantity, average_price ..."""

    def on_fill(self, fill):
        """A fill of an order of this strategy, each once: order_id, symbol, side, price, quantity, fee, fee_currency, liquidity, trade_id."""

    def on_timer(self, timer):
        """A timer that `timer` has asked for: name, id, due."""

    # What it may do and ask in its handlers

    def send_order(self, *, side, quantity, symbol=None, instrument=None, price=None, stop_price=None, order_type=None, time_in_force=None,
                   expire_at=None, post_only=False, reduce_only=False, client_order_id=None, venue=None, account=None):
        """Sends an order, with the frame at hand as its cause. Returns its id. `on_order` and `on_fill` tell what becomes of it.

        `symbol` is 'BTCUSDT' or 'BTCUSDT.binance', or give `instrument`, its number. `order_type` is 'limit', 'market', 'stop' or 'stop-limit';
        without it the prices say which. `time_in_force` is 'gtc' (default with a limit), 'ioc' (default without), 'fok' or 'gtd', which needs
        `expire_at` in ns since 1970. `client_order_id` is a label of at most 32 bytes, which is not sent to the venue.

        Raises InvalidOptionError for what cannot be meant, UnknownInstrumentError, AmbiguousSymbolError, and InvalidStateError outside of handlers
        or for more than fits on a page. An order that risk refuses ends as 'denied', with a reason.
        """
        return self._host.send_order({
            'side': side, 'quantity': quantity, 'symbol': symbol, 'instrument': instrument, 'price': price, 'stop_price': stop_price,
            'order_type': order_type, 'time_in_force': time_in_force, 'expire_at': expire_at, 'post_only': post_only,
            'reduce_only': reduce_only, 'client_order_id': client_order_id, 'venue': venue, 'account': account})

    def amend(self, order_id, *, price=None, quantity=None):
        """Asks for another price or another total quantity (the filled part included) of an order of this strategy. A report answers it."""
        self._host.amend(order_id, price, quantity)

    def cancel(self, order_id):
        """Asks for the cancel of an order of this strategy. A report answers it; until then it may still be filled."""
        self._host.cancel(order_id)

    def cancel_all(self, symbol=None):
        """Asks for the cancel of all open orders of this strategy, or of those in one symbol."""
        self._host.cancel_all(symbol)

    def timer(self, name, *, after=None, every=None):
        """Asks for a timer: once `after` so many ms, or `every` so many ms. Returns its id. It ends with the process."""
        return self._host.request_timer(name, after, every)

    def cancel_timer(self, timer_id):
        """Ends a timer: `on_timer` is not called for it any more."""
        self._host.cancel_timer(timer_id)

    def position(self, symbol):
        """The strategy's position in a symbol, from its own fills up to the frame at hand: zeros when it has none."""
        return self._host.position(symbol)

    @property
    def positions(self):
        """Its positions that are not 0, by symbol; with the venue ('BTCUSDT.binance') where two venues have the symbol."""
        return self._host.all_positions()

    def open_orders(self, symbol=None):
        """Its orders that are not final, those that it has just sent included, oldest first."""
        return self._host.open_orders(symbol)

    @property
    def now(self):
        """The time of the frame at hand, ns since 1970 (in `on_stop` of the last one). The same in a replay."""
        return self._host.now

    @property
    def random(self):
        """A `random.Random` with the seed of this start, the same in a replay; `self.random()` is a number from 0 to 1."""
        return self._host.random

    @property
    def replay(self):
        """Whether this is a replay: for what must not happen twice, not for decisions."""
        return self._host.is_replay

    def log(self, *texts):
        """Adds a line to the strategy's log in `<home>/log`, and prints it to standard error. Silent in a replay."""
        self._host.log(' '.join(str(text) for text in texts))
