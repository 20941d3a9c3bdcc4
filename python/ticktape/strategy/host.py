"""Runs a strategy: passes frames of the sequence to it, and gathers what it sends for each. The same code runs live and in a replay."""
import random
import time

from .. import layout as L
from ..errors import InvalidOptionError, InvalidStateError, UnknownInstrumentError
from .load import handles, user_traceback
from .own_orders import OwnOrders
from .own_positions import OwnPositions
from .request import check_amend, check_request, check_timer
from .strategy import TimerEvent
from .terms import Instruments, entry_of

SEQUENCE = 1  # the journal id of the sequence
_LIFECYCLE_SLOTS = 2
_PARTS = ('ticker', 'book', 'trade', 'order', 'fill', 'timer')


class Random(random.Random):
    """Seeded by the start of the strategy. Called, it gives a number from 0 to 1."""

    def __call__(self):
        return self.random()


class HandlerError(Exception):
    """What a handler of the strategy has raised: the error is `__cause__`."""

    def __init__(self, where, error):
        super().__init__(f'{where}: {user_traceback(error)}')
        self.where = where
        self.__cause__ = error


class Host:
    """`output` takes packed frames, published together (`publish`), and has the journal's schema; `log` takes lines."""

    def __init__(self, strategy_class, config, output, log, is_replay=False):
        self.number = config['strategy']
        self._epoch = config['epoch']
        self._base = (self.number << 52) | (self._epoch << 32)
        self._accounts = config['accounts']
        self._output, self._write_log, self.is_replay = output, log, is_replay
        self._order, self._timer_request = output.schema['Order'], output.schema['TimerRequest']
        self._room = output.page_slots - _LIFECYCLE_SLOTS
        self.random = Random(config['seed'])
        self.instruments = Instruments()
        self.positions, self.orders = OwnPositions(self.instruments), OwnOrders(self._symbol_of)
        self._symbols = None if strategy_class.symbols is None else set(strategy_class.symbols)
        self._wanted = set()
        self.outputs, self._slots = [], 0
        self.sent = 0
        self._counters = {'order': 0, 'timer': 0}
        self._requests, self._ended_timers = {}, set()
        #: The frame that is being handled, and the last one that was; the position and time of the last frame before the start.
        self._frame = self._last = None
        self._before = None
        self._now = 0
        self._phase = 'making'
        strategy = strategy_class.__new__(strategy_class)
        strategy._host = self
        self.strategy = strategy
        self._call('__init__', strategy.__init__)
        self._handle = {part: getattr(strategy, 'on_' + part) if handles(strategy_class, 'on_' + part) else None for part in _PARTS}

    # Frames

    def handlers(self):
        """By the name of a frame: what is called with each, live."""
        found = {'Instrument': self.instrument, 'BookTop': self.book, 'OrderReport': self.report, 'Fill': self.fill}
        for name, part, handle in (('Ticker', 'ticker', self.ticker), ('Trade', 'trade', self.trade), ('TimerFired', 'timer', self.timer)):
            if self._handle[part] is not None:
                found[name] = handle
        return found

    def learners(self):
        """The same for frames before the start: they change what the strategy is told, and no handler gets them."""
        return {'Instrument': self.instrument, 'BookTop': self._learn_book, 'OrderReport': self._learn_report, 'Fill': self._learn_fill}

    def instrument(self, frame):
        self.add_instrument(entry_of(frame))

    def add_instrument(self, entry):
        terms = self.instruments.add(entry)
        if self._symbols is None or terms.symbol in self._symbols or terms.name in self._symbols:
            self._wanted.add(terms.number)

    def book(self, frame):
        # Its fields follow the six of the header; the instrument is the first one.
        number = frame.instrument
        if number in self._wanted:
            self.positions.quotes[number] = frame
            handle = self._handle['book']
            if handle is not None:
                self._deliver('on_book', handle, frame, frame)

    def ticker(self, frame):
        if frame.instrument in self._wanted:
            self._deliver('on_ticker', self._handle['ticker'], frame, frame)

    def trade(self, frame):
        if frame.instrument in self._wanted:
            self._deliver('on_trade', self._handle['trade'], frame, frame)

    def report(self, frame):
        if frame.dest == self.number:
            self.orders.reported(frame)
            if self._handle['order'] is not None:
                self._deliver('on_order', self._handle['order'], frame, frame)

    def fill(self, frame):
        if frame.dest == self.number:
            self.positions.filled(frame)
            if self._handle['fill'] is not None:
                self._deliver('on_fill', self._handle['fill'], frame, frame)

    def timer(self, frame):
        if frame.dest == self.number and frame.timer not in self._ended_timers:
            self._deliver('on_timer', self._handle['timer'], frame, TimerEvent(frame.name, frame.timer, frame.due))

    def _learn_book(self, frame):
        self.positions.quotes[frame.instrument] = frame

    def _learn_report(self, frame):
        if frame.dest == self.number:
            self.orders.reported(frame)

    def _learn_fill(self, frame):
        if frame.dest == self.number:
            self.positions.filled(frame)

    def _deliver(self, where, handle, frame, argument):
        self._frame = self._last = frame
        try:
            handle(argument)
        except Exception as error:
            raise HandlerError(where, error) from error
        finally:
            self._frame = None
            if self.outputs:
                self.publish()

    # The start and the end

    def start(self, last):
        """`last` is the last frame before the start, None when there is none."""
        self._before = last
        self._now = 0 if last is None else last.time
        self._phase = 'starting'
        try:
            self._call('on_start', self.strategy.on_start)
        finally:
            self._phase = 'running'
            self.publish()

    def stop(self, *last_frames):
        """Publishes what `on_stop` sends in one store with these frames, also when it raises: `last_frames` are called with whether it did."""
        self._phase, failed = 'stopping', True
        try:
            self._call('on_stop', self.strategy.on_stop)
            failed = False
        finally:
            self._phase = 'stopped'
            self.publish(*(make(failed) for make in last_frames))

    def _call(self, where, function):
        try:
            function()
        except Exception as error:
            raise HandlerError(where, error) from error

    # What the strategy asks

    @property
    def now(self):
        return self._now if self._last is None else self._last.time

    def position(self, symbol):
        return self.positions.of(self._look_up(symbol))

    def all_positions(self):
        return {terms.name if self.instruments.is_shared(terms.symbol) else terms.symbol: self.positions.of(terms)
                for terms in self.positions.held()}

    def open_orders(self, symbol):
        if symbol is None:
            return self.orders.list()
        terms = self._look_up(symbol)
        return [] if terms is None else self.orders.list(terms.number)

    def _look_up(self, symbol):
        """In `on_start` the sequence may not have named it yet: then there is no order and no position in it."""
        return self.instruments.look_up(symbol) if self._phase == 'starting' else self.instruments.find(symbol)

    def log(self, text):
        self._write_log(text)

    def _symbol_of(self, number):
        terms = self.instruments.by_number.get(number)
        return f'#{number}' if terms is None else terms.symbol

    # What the strategy sends

    def send_order(self, request):
        kind, force = check_request(request)
        terms = self._terms_of(request)
        account = self._account_of(request['account'], terms.venue)
        self._check_sending('send_order()')
        number = self._counters['order'] + 1
        if number > 2**32 - 1:
            raise InvalidStateError(f"strategy '{self.strategy.id}' has sent 2^32 orders since its start; start it again")
        order_id, label = self._base | number, request['client_order_id'] or ''
        price, quantity = float(request['price'] or 0), float(request['quantity'])
        self._send(self._order, {
            'orderId': order_id, 'instrument': terms.number, 'account': account, 'side': request['side'], 'orderType': kind, 'timeInForce': force,
            'action': 'new', 'postOnly': request['post_only'], 'reduceOnly': request['reduce_only'], 'price': price, 'quantity': quantity,
            'stopPrice': float(request['stop_price'] or 0), 'expireAt': request['expire_at'] or 0, 'clientOrderId': label})
        self._counters['order'] = number
        self.orders.sent(order_id, terms.number, request['side'], price, quantity, label)
        return order_id

    def cancel(self, order_id):
        self._request('cancel()', order_id, 'cancel', 0.0, 0.0)
        self.orders.cancel_sent(order_id)

    def amend(self, order_id, price, quantity):
        check_amend(price, quantity)
        # 0 stands for 'as it is'.
        self._request('amend()', order_id, 'amend', float(price or 0), float(quantity or 0))
        self.orders.amend_sent(order_id)

    def _request(self, what, order_id, action, price, quantity):
        if not (isinstance(order_id, int) and 0 < order_id < 2**64 and order_id >> 52 == self.number):
            raise InvalidOptionError(f'{what} takes the id that send_order() of this strategy returned, not {order_id!r}')
        self._check_sending(what)
        request = self._requests.get(order_id, 0) + 1
        self._send(self._order, {**_EMPTY_ORDER, 'orderId': order_id, 'request': request, 'action': action, 'price': price, 'quantity': quantity})
        self._requests[order_id] = request

    def cancel_all(self, symbol):
        number = 0 if symbol is None else self.instruments.find(symbol).number
        self._check_sending('cancel_all()')
        self._send(self._order, {**_EMPTY_ORDER, 'orderId': self._base, 'instrument': number, 'action': 'cancel-all'})
        for order in self.orders.list(number or None):
            self.orders.cancel_sent(order.order_id)

    def request_timer(self, name, after, every):
        ns, again = check_timer(name, after, every)
        self._check_sending('timer()', also='starting')
        number = self._counters['timer'] + 1
        self._send_timer(number, ns, again, name)
        self._counters['timer'] = number
        return number

    def cancel_timer(self, timer):
        if not (isinstance(timer, int) and 1 <= timer <= self._counters['timer']):
            raise InvalidOptionError(f'cancel_timer() takes what timer() returned, not {timer!r}')
        if timer not in self._ended_timers:
            self._check_sending('cancel_timer()', also='starting')
            self._send_timer(timer, -1, 0, '')
            self._ended_timers.add(timer)

    def _send_timer(self, number, after, every, name):
        self._send(self._timer_request, {'strategy': self.number, 'timer': number, 'after': after, 'every': every, 'name': name})

    def _terms_of(self, request):
        number = request['instrument']
        if request['symbol'] is not None:
            return self.instruments.find(request['symbol'], request['venue'])
        if number not in self.instruments.by_number:
            raise UnknownInstrumentError(f'there is no instrument {number!r} yet')
        return self.instruments.by_number[number]

    def _account_of(self, name, venue):
        if name is None:
            return 0
        accounts = self._accounts.get(venue, [])
        if name in accounts:
            return accounts.index(name)
        raise InvalidOptionError(f"{venue} has no account {name!r}; there are: {', '.join(accounts) or 'none'}")

    def _check_sending(self, what, also='stopping'):
        if self._frame is None and self._phase not in ('stopping', also):
            raise InvalidStateError(f"strategy '{self.strategy.id}' calls {what} outside its handlers: nothing would be its cause")

    def _send(self, definition, values):
        if self._slots + definition.slots > self._room:
            raise InvalidStateError(f"strategy '{self.strategy.id}' sends more for one frame than a page of its journal holds ({self._room} "
                                    'slots); it could not all appear at once')
        cause = self._frame or self._last or self._before
        flags = 0
        header = (0, self.number, 0, 0)
        if cause is not None:
            flags = L.HAS_CAUSE
            since = cause.since_root + max(0, time.time_ns() - cause.time)
            header = (SEQUENCE << L.CAUSE_BITS | cause.position, self.number, 0, min(since, L.MAX_SINCE_ROOT))
        frame = bytearray(definition.size)
        if definition is self._order:
            values = {**_EMPTY_ORDER, **values}
        definition.pack_into(frame, 0, flags, 0, 0, header, definition.values_of(values))
        self.outputs.append(frame)
        self._slots += definition.slots

    def publish(self, *more):
        """All that was sent for a frame appears in one store, and these frames with it."""
        outputs, self.outputs, self._slots = self.outputs, [], 0
        if outputs or more:
            self._output.publish([*outputs, *more])
            self.sent += len(outputs)


_EMPTY_ORDER = {'orderId': 0, 'instrument': 0, 'request': 0, 'account': 0, 'side': 'buy', 'orderType': 'limit', 'timeInForce': 'gtc', 'action': 'new',
                'postOnly': False, 'reduceOnly': False, 'price': 0.0, 'quantity': 0.0, 'stopPrice': 0.0, 'expireAt': 0, 'clientOrderId': ''}


