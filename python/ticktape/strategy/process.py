"""A strategy's process, by docs/strategy-protocol.md."""
import os
import signal
import sys
import time

from .. import layout as L
from ..errors import HomeError, JournalReplacedError, TicktapeError
from ..reader import Reader
from ..system import futex_wake
from ..writer import Writer
from .ages import Ages
from .before_start import first_start, learn
from .gateway import Gateway
from .host import HandlerError, Host
from .load import load_strategy, user_traceback
from .log_file import LogFile
from .pulse import Pulse

#: How long an earlier process of this strategy may take to end, in seconds.
PATIENCE = 10.0
_LIFECYCLE, _HOME = 64, 26
#: Frames that are handled before it looks at other things than frames.
_BATCH = 64
#: The longest sleep, in seconds: a wake-up by the gateway's message may come just before it.
_SLEEP = 0.05


def run(config):
    """Takes part in a desk until the gateway stops it, or ends. Returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches the gateway, which stops everything in order.
    sys.setswitchinterval(0.0002)  # The thread that syncs must not keep a frame waiting for 5 ms.
    gateway = Gateway()
    try:
        Process(config, gateway).run()
        return 0
    except HandlerError as error:
        text, short = str(error), f'{error.where}: {type(error.__cause__).__name__}: {error.__cause__}'
    except TicktapeError as error:
        text = short = f'{error.code}: {error}'
    except Exception as error:  # a defect of this library: nothing is hidden
        text, short = user_traceback(error), f'{type(error).__name__}: {error}'
    print(text, file=sys.stderr, flush=True)
    gateway.say('failed', message=short)
    return 1


class Process:
    def __init__(self, config, gateway):
        self._config, self._gateway, self._reader = config, gateway, None
        # First of all: it must end with its gateway also while the module is loaded.
        gateway.listen(self._wake)
        strategy = load_strategy(config['file'], config['id'])
        self._check_input()
        self._pulse = Pulse(config['heartbeats'], config['cell'])
        # Page size, number and checksums are those of its pages, which the gateway has created.
        self._writer = Writer(config['output'], patience=PATIENCE)
        try:
            start = 'end' if strategy.from_ == 'end' else first_start(config['input'])
            self._reader = Reader(config['input'], start=start, name=config['id'], patience=PATIENCE)
            self._resume()
            # Both were opened by their paths.
            self._check_input()
            self._log = LogFile(config['log'], config['id'])
            self._read = 0
            self._ages = Ages()
            self._home, self._home_page = self._find_home(), self._writer.position // self._writer.page_slots
            self._strategy, self._host = strategy, None
            self._writer.publish([self._lifecycle('started')])
        except BaseException:
            self._writer.close()
            raise

    def _check_input(self):
        """Another home may be at that path by now."""
        found = os.stat(self._config['input'])
        if f'{found.st_dev}:{found.st_ino}' != self._config['inputIdentity']:
            raise JournalReplacedError(f"the journal {self._config['input']} was replaced by a new one; this process belongs to the earlier one")

    def _resume(self):
        """Continues after the frame of the last output: the last process may have been killed before it stored its position."""
        found = last_handled(self._config['output'])
        if found is None or self._reader.position > found[0]:
            return
        position, is_handled = found
        self._reader.seek(position)
        if is_handled and self._reader.next() is None:
            raise HomeError(f"strategy '{self._config['id']}' has acted on position {position} of {self._reader.path}, which ends before it")

    def _find_home(self):
        with Reader(self._config['output']) as own:
            return next((frame for frame in own if frame.type == _HOME), None)

    def _keep_home(self):
        """Each page says to which home it belongs: retention may remove the pages before it."""
        page = self._writer.position // self._writer.page_slots
        if page != self._home_page and self._home is not None:
            self._writer.write('Home', **self._home.to_dict())
            self._home_page = page

    def _lifecycle(self, event):
        definition = self._writer.schema['Lifecycle']
        frame = bytearray(definition.size)
        definition.pack_into(frame, 0, 0, 0, 0, (0, 0, 0, 0), definition.values_of({
            'process': self._config['id'], 'next': self._reader.position, 'read': self._read, 'pid': os.getpid(), 'run': self._config['epoch'],
            'event': event}))
        return frame

    def run(self):
        ending = 'failed'
        try:
            self._host = Host(self._strategy, self._config, self._writer, self._log.write)
            before = self._reader.position
            last = learn(self._host, self._config['input'], before, lambda: self._pulse.beat(before))
            self._writer.add_instruments([terms.entry for terms in self._host.instruments.by_number.values()])
            self._host.start(last)
            self._tell()
            self._gateway.say('ready')
            self._follow()
            ending = 'stopped'
        finally:
            self._end(ending)

    def _end(self, ending):
        try:
            self._writer.write('Progress', next=self._reader.position, read=self._read, run=self._config['epoch'], latencies=self._ages.packed())
            if ending == 'stopped':
                self._host.stop(lambda failed: self._lifecycle('failed' if failed else 'stopped'))
            else:
                self._writer.publish([self._lifecycle('failed')])
        finally:
            self._reader.close()
            self._writer.close()

    def _tell(self):
        self._pulse.tell(self._reader.position, self._read, self._host.sent, self._reader.lag, self._ages.quantiles(0.5, 0.99, 0.999))

    def _wake(self):
        """Called by the thread that listens to the gateway: the sequence's sleepers look again."""
        control = None if self._reader is None else self._reader._control
        if control is not None and control.writable:
            futex_wake(control.file.memory, L.SIGNAL)

    def _follow(self):
        """Handles frames until the gateway stops it."""
        reader, gateway, handlers = self._reader, self._gateway, self._host.handlers()
        done = self._done_with()
        handlers['Instrument'] = self._instrument
        spins = self._config['wait'] in ('spin', 'yield')
        every = self._config['progressMs'] / 1000
        due = time.monotonic() + every
        while True:
            stop_at = gateway.stop_at
            count = reader.poll(handlers, _BATCH, done, stop_at, self._ages)
            self._read += count
            if count == 0 and stop_at is not None:
                return
            if time.monotonic() > due:
                due = time.monotonic() + every
                self._tell()
                self._keep_home()
            if count == 0 and not spins:
                reader.wait(min(_SLEEP, every))

    def _instrument(self, frame):
        self._host.instrument(frame)
        self._writer.add_instruments([self._host.instruments.by_number[frame.number].entry])

    def _done_with(self):
        """What is called when a frame was handled. Only then: killed before it, the process finds the frame in its own journal, or handles it again."""
        store, beat = self._reader.store_position, self._pulse.beat

        def done(position, now):
            store(position, now)
            beat(position)
        return done


def last_handled(journal):
    """How far an earlier process had come by its own journal: a position of the sequence, and whether the frame there was handled."""
    with Reader(journal) as reader:
        for number in reversed(reader._pages()):
            found = None
            reader.seek(number * reader._page.capacity)
            for frame in reader:
                if frame.position >= (number + 1) * reader._page.capacity:
                    break
                if frame.type == _LIFECYCLE:
                    found = frame.next, False
                elif frame.cause is not None:
                    found = frame.cause, True
            if found is not None:
                return found
    return None
