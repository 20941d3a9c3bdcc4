"""A strategy's process, by docs/strategy-protocol.md: the counterpart of what the library does for a module in JavaScript.

A strategy is an object with any of on_start, on_book, on_trade, on_order, on_fill, on_timer and on_stop. `run(strategy)` takes part in the
desk until the gateway stops it, or ends.
"""
import json
import os
import select
import sys
import time

from journal import Frame, Pulse, Reader, Writer, last_frame, replace_file

SEQUENCE = 1  # the journal id of the sequence
BOOK_TOP, TRADE, ORDER_REPORT, FILL, TIMER_FIRED = 19, 18, 21, 22, 34
LIFECYCLE = 64
FINAL = {'filled', 'cancelled', 'rejected', 'denied', 'expired'}
MARKET = {BOOK_TOP, TRADE}
OWN = {ORDER_REPORT, FILL, TIMER_FIRED}


class Gateway:
    """The messages from and to the gateway: lines of JSON on standard input and output. Its end is the end of standard input."""

    def __init__(self):
        self.stop_at = None  # handle the frames before this position, then stop
        self.is_gone = False
        self._text = b''

    def listen(self, seconds):
        """Waits for a message, for so long at most."""
        if not select.select([0], [], [], seconds)[0]:
            return
        data = os.read(0, 65536)
        self.is_gone = data == b''
        self._text += data
        *lines, self._text = self._text.split(b'\n')
        for line in lines:
            message = json.loads(line)
            if message['kind'] == 'stop':
                self.stop_at = message['position']

    def say(self, kind, **values):
        try:
            os.write(1, (json.dumps({'kind': kind, **values}) + '\n').encode())
        except BrokenPipeError:
            self.is_gone = True


class Context:
    """What a strategy may ask for while one of its handlers runs. All that it sends for one frame appears together, or not at all."""

    def __init__(self, config, writer, reader):
        self.id = config['id']
        self._config, self._writer, self._reader = config, writer, reader
        self._number, self._epoch = config['strategy'], config['epoch']
        self._orders = self._timers = 0
        self._requests = {}
        self._outputs = []
        self.sent = 0
        self._instruments, self._entered = {}, 0
        self.frame = None
        self.positions = {}  # by symbol
        self.open_orders = {}  # by order id

    def symbol(self, number):
        if number not in self._instruments:
            with open(os.path.join(self._config['input'], 'instruments.json'), encoding='utf-8') as file:
                self._instruments = {entry['number']: entry for entry in json.load(file)['instruments']}
        return self._instruments[number]['symbol']

    def order(self, instrument, side, quantity, price, time_in_force='gtc', post_only=False):
        """Sends a limit order. Returns its id."""
        self._orders += 1
        order_id = (self._number << 52) | (self._epoch << 32) | self._orders
        self._send('Order', orderId=order_id, instrument=instrument, side=side, quantity=quantity, price=price,
                   orderType='limit', timeInForce=time_in_force, action='new', postOnly=post_only)
        self.open_orders[order_id] = {'instrument': instrument, 'side': side, 'price': price, 'pending': False}
        return order_id

    def cancel(self, order_id):
        request = self._requests[order_id] = self._requests.get(order_id, 0) + 1
        self._send('Order', orderId=order_id, request=request, action='cancel')
        if order_id in self.open_orders:
            self.open_orders[order_id]['pending'] = True

    def cancel_all(self):
        self._send('Order', orderId=(self._number << 52) | (self._epoch << 32), action='cancel-all')

    def every(self, ms, name):
        self._timers += 1
        ns = int(ms * 1e6)
        self._send('TimerRequest', strategy=self._number, timer=self._timers, after=ns, every=ns, name=name)
        return self._timers

    def _send(self, kind, **fields):
        frame = self.frame
        cause = None if frame is None else (SEQUENCE, frame.position, frame.time, frame.since_root)
        self._outputs.append(self._writer.schema.encode(kind, fields, cause, source=self._number))

    def publish(self, *more):
        """Appends what was sent since the last call, in one store."""
        outputs = [*self._outputs, *more]
        self._outputs = []
        if outputs:
            self._copy_instruments()
            self._writer.publish(outputs)
            self.sent += len(outputs) - len(more)

    def _copy_instruments(self):
        """The journal must say what its instrument numbers mean before its first frame has one."""
        source = os.path.join(self._config['input'], 'instruments.json')
        if os.path.exists(source) and os.path.getsize(source) != self._entered:
            with open(source, 'rb') as file:
                data = file.read()
            replace_file(self._config['output'], 'instruments.json', data)
            self._entered = len(data)

    def learn(self, frame):
        """What a report or a fill says changes what the strategy has."""
        if frame.type == FILL:
            fill = frame.fields
            symbol = self.symbol(fill['instrument'])
            change = fill['quantity'] if fill['side'] == 'buy' else -fill['quantity']
            self.positions[symbol] = round(self.positions.get(symbol, 0.0) + change, 12)
        elif frame.type == ORDER_REPORT:
            report = frame.fields
            order_id = report['orderId']
            if report['state'] in FINAL:
                self.open_orders.pop(order_id, None)
            else:
                pending = report['pendingCancel'] or report['pendingAmend']
                self.open_orders[order_id] = {'instrument': report['instrument'], 'side': report['side'],
                                              'price': report['price'], 'pending': pending}


class Process:
    def __init__(self, strategy, config):
        self.strategy, self.config = strategy, config
        self.gateway = Gateway()
        self._check_input()
        self.pulse = Pulse(config['heartbeats'], config['cell'])
        self.writer = Writer(config['output'])
        self.reader = Reader(config['input'], name=config['id'])
        self._resume()
        self._check_input()
        self.read = 0
        self.context = Context(config, self.writer, self.reader)
        self.handlers = {BOOK_TOP: 'on_book', TRADE: 'on_trade', ORDER_REPORT: 'on_order', FILL: 'on_fill',
                         TIMER_FIRED: 'on_timer'}

    def _check_input(self):
        """Another home may be at that path by now."""
        stat = os.stat(self.config['input'])
        if f'{stat.st_dev}:{stat.st_ino}' != self.config['inputIdentity']:
            raise RuntimeError(f"{self.config['input']} was replaced by another journal; this process belongs to the earlier one")

    def _resume(self):
        """Continues after the frame of the last output: this process may have been killed before it stored its position."""

        def pick(frame: Frame):
            if frame.type == LIFECYCLE:
                return frame.fields['next'], False
            return None if frame.cause is None else (frame.cause, True)

        found = last_frame(self.config['output'], pick)
        if found is not None and self.reader.position <= found[0]:
            self.reader.seek(found[0])
            if found[1]:
                self.reader.next()

    def _lifecycle(self, event):
        return self.writer.schema.encode('Lifecycle', {
            'process': self.config['id'], 'next': self.reader.position, 'read': self.read, 'pid': os.getpid(),
            'run': self.config['epoch'], 'event': event})

    def _learn_earlier(self):
        """Own reports and fills from before this start: positions and open orders come from them."""
        earlier = Reader(self.config['input'])
        while earlier.position < self.reader.position:
            frame = earlier.next()
            if frame.type in OWN and frame.dest == self.config['strategy']:
                self.context.learn(frame)
            self.pulse.beat(self.reader.position)

    def _call(self, name, *arguments):
        handler = getattr(self.strategy, name, None)
        if handler is not None:
            handler(*arguments, self.context)

    def _handle(self, frame):
        self.read += 1
        is_own = frame.type in OWN and frame.dest == self.config['strategy']
        if frame.type in MARKET or is_own:
            self.context.frame = frame
            self.context.learn(frame)
            self._call(self.handlers[frame.type], frame.fields)
            self.context.publish()
        # Only now: killed before this line, the process finds the frame in its own journal, or handles it again.
        self.reader.checkpoint()
        self.pulse.beat(self.reader.position)

    def run(self):
        self.writer.publish([self._lifecycle('started')])
        self._learn_earlier()
        self._call('on_start')
        self.context.publish()
        self._tell()
        self.gateway.say('ready')
        self._follow()
        self._call('on_stop')
        self.context.publish(self._lifecycle('stopped'))
        self.writer.sync()

    def _tell(self):
        """That it lives, and how far it has come: also while there are no frames."""
        self.pulse.tell(self.reader.position, self.read, self.context.sent, self.reader.lag)

    def _follow(self):
        told, gateway = 0.0, self.gateway
        while not gateway.is_gone:
            frame = self.reader.next() if gateway.stop_at is None or self.reader.position < gateway.stop_at else None
            if frame is not None:
                self._handle(frame)
            elif gateway.stop_at is not None:
                return
            now = time.monotonic()
            if now - told > self.config['progressMs'] / 1000:
                told = now
                self._tell()
            # When there was nothing to do it sleeps here, until the gateway says something or a millisecond has passed.
            if frame is None or self.read % 64 == 0:
                gateway.listen(0.001 if frame is None else 0)


def run(strategy):
    Process(strategy, json.loads(sys.argv[-1])).run()
