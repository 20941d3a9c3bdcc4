"""Loads the module of a strategy."""
import importlib.util
import inspect
import os
import re
import sys
import traceback

from ..errors import StrategyError
from .strategy import Strategy

WORKING = ('on_ticker', 'on_book', 'on_trade', 'on_order', 'on_fill', 'on_timer')
_HANDLERS = ('on_start', *WORKING, 'on_stop')
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load_strategies(file):
    """The classes that a module names as its `strategy`, one or a list. Raises StrategyError, with the traceback of what the module raised."""
    path = os.path.abspath(file)
    if not os.path.exists(path):
        raise StrategyError(f'{path} does not exist', path)
    # What lies beside it can be imported, as for a program.
    sys.path.insert(0, os.path.dirname(path))
    name = re.sub(r'\W', '_', os.path.splitext(os.path.basename(path))[0])
    try:
        spec = importlib.util.spec_from_file_location(f'ticktape_strategy_{name}', path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        raise StrategyError(f'{path} cannot be loaded: {user_traceback(error)}', path) from error
    except SystemExit as error:
        raise StrategyError(f'{path} ended its process while it was loaded (exit status {error.code})', path) from error
    found = getattr(module, 'strategy', None)
    classes = list(found) if isinstance(found, (list, tuple)) else [found]
    if not classes or not all(isinstance(one, type) and issubclass(one, Strategy) for one in classes):
        raise StrategyError(f"{path} has no strategies: it needs 'strategy = A', where A is a class derived from ticktape.Strategy, or a list of "
                            'such classes', path)
    for one in classes:
        _check(one, path)
    ids = [one.id for one in classes]
    twice = [one for one in ids if ids.count(one) > 1]
    if twice:
        raise StrategyError(f"{path} has two strategies '{twice[0]}'; each needs a name of its own", path)
    return classes


def load_strategy(file, id):
    for one in load_strategies(file):
        if one.id == id:
            return one
    raise StrategyError(f"{file} has no strategy '{id}'", file)


def handles(strategy, name):
    """Whether a class has a handler of its own."""
    return getattr(strategy, name) is not getattr(Strategy, name)


def user_traceback(error):
    """Python's traceback of an error, from the first line of the user's code on."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and (frames[0].filename.startswith((_PACKAGE, '<frozen')) or 'importlib' in frames[0].filename):
        frames.pop(0)
    lines = ['Traceback (most recent call last):\n', *traceback.format_list(frames)] if frames else []
    return ''.join([*lines, *traceback.format_exception_only(type(error), error)]).rstrip()


def _check(one, path):
    def fail(what):
        return StrategyError(f'{path}: {what}', path)
    if not isinstance(one.id, str) or re.match(r'[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\Z', one.id) is None:
        raise fail(f"'id' of {one.__name__} is 1 to 32 letters, digits, '_', '.' and '-', and begins with no '.' or '-'; not {one.id!r}")
    if one.symbols is not None and not (isinstance(one.symbols, (list, tuple)) and one.symbols
                                        and all(isinstance(symbol, str) and symbol for symbol in one.symbols)):
        raise fail(f"'symbols' of strategy '{one.id}' takes a list of symbols, such as 'BTCUSDT'; None for all; not {one.symbols!r}")
    if one.from_ not in ('start', 'end'):
        raise fail(f"'from_' of strategy '{one.id}' takes 'start' or 'end', not {one.from_!r}")
    for name in _HANDLERS:
        handler = getattr(one, name)
        if not callable(handler):
            raise fail(f"'{name}' of strategy '{one.id}' is no function")
        if inspect.iscoroutinefunction(handler) or inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
            raise fail(f"'{name}' of strategy '{one.id}' cannot be async or a generator: what it sent later would have no frame as its cause")
    if not any(handles(one, name) for name in WORKING):
        raise fail(f"strategy '{one.id}' handles nothing; give it one of {', '.join(WORKING)}")
