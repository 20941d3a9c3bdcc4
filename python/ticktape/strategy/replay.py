"""Handles again, in one run of a strategy, the frames that it handled live. What it sends goes into another journal, to be compared."""
import os
import sys

from ..errors import HomeError, TicktapeError
from ..reader import Reader
from ..writer import PRIVATE, Writer
from .before_start import learn
from .gateway import Gateway
from .host import HandlerError, Host
from .load import load_strategy, user_traceback

_BATCH = 256


def replay(config):
    """Answers with one message: 'replayed' with the number of frames that were read, and with what the strategy has raised if it has; or
    'failed'. `config` has `replay`: { from, to, stop, private }; and `output`, a new journal. Returns the exit status."""
    gateway = Gateway()
    gateway.listen(lambda: None)
    try:
        frames, thrown = _run(config)
        gateway.say('replayed', frames=frames, thrown=thrown)
        return 0
    except TicktapeError as error:
        gateway.say('failed', message=str(error), code=error.code)
    except HandlerError as error:
        gateway.say('failed', message=str(error), code='ERR_STRATEGY')
    except Exception as error:  # a defect of this library: nothing is hidden
        print(user_traceback(error), file=sys.stderr, flush=True)
        gateway.say('failed', message=f'{type(error).__name__}: {error}', code='ERR_REPLAY')
    return 1


def _run(config):
    """The number of frames, and what was raised: its text, where, and the position of the sequence behind the frame."""
    task = config['replay']
    with Reader(config['input']) as reader, Writer(config['output']) as writer:
        # From here on journals that the strategy itself writes are others, which are removed: a replay changes nothing.
        os.environ[PRIVATE] = task['private']
        strategy = load_strategy(config['file'], config['id'])
        if task['from'] > 0:
            reader.seek(task['from'])
        frames = 0
        try:
            host = Host(strategy, config, writer, lambda _: None, is_replay=True)
            host.start(learn(host, config['input'], task['from'], lambda: None))
            handlers = host.handlers()
            while reader.position < task['to']:
                count = reader.poll(handlers, _BATCH, None, task['to'])
                if count == 0:
                    raise HomeError(f"{reader.path} ends at {reader.position}, but the strategy had read up to {task['to']}", reader.path)
                frames += count
            if task['stop']:
                host.stop()
        except HandlerError as error:
            cause = error.__cause__
            return frames, {'text': f'{type(cause).__name__}: {cause}', 'where': error.where, 'position': reader.position}
    return frames, None
