"""What a gateway starts: `python3 -m ticktape.strategy inspect FILE`, `run CONFIG` and `replay CONFIG`. See docs/strategy-protocol.md."""
import json
import os
import sys

from ..errors import StrategyError, TicktapeError


def inspect(file):
    """Says which strategies a module has."""
    from .gateway import Gateway
    from .load import handles, load_strategies
    gateway = Gateway()
    try:
        gateway.say('strategies', strategies=[
            {'id': one.id, 'symbols': None if one.symbols is None else list(one.symbols), 'from': one.from_, 'wantsTicker': handles(one, 'on_ticker')}
            for one in load_strategies(file)])
        return 0
    except StrategyError as error:
        gateway.say('failed', message=str(error))
        return 1


def main(what, argument):
    if what == 'inspect':
        return inspect(argument)
    config = json.loads(argument)
    if what == 'run':
        from .process import run
        return run(config)
    if what == 'replay':
        from .replay import replay
        return replay(config)
    raise TicktapeError(f"'{what}' is not known: inspect, run, replay")


if __name__ == '__main__':
    # For this process only: what it starts itself may need its folder.
    os.environ.pop('PYTHONSAFEPATH', None)
    status = main(*sys.argv[1:3])
    sys.stderr.flush()
    # Threads and sockets that a strategy's module left open must not delay the gateway.
    os._exit(status)
