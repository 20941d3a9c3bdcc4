"""Checks what a strategy asks for, as far as that is possible without the market. Ticks, steps, sizes and limits are risk's business."""
import math
import re

from ..errors import InvalidOptionError

SIDES = ('buy', 'sell')
ORDER_TYPES = ('limit', 'market', 'stop', 'stop-limit')
TIMES_IN_FORCE = ('gtc', 'ioc', 'fok', 'gtd')
_WITH_LIMIT, _WITH_STOP = ('limit', 'stop-limit'), ('stop', 'stop-limit')
_LONGEST_TIMER_MS = 8_640_000_000


def check_request(request):
    """Completes the type and the time in force. Raises InvalidOptionError."""
    side, price, stop = request['side'], request['price'], request['stop_price']
    _one_of('side', side, SIDES)
    _positive('quantity', request['quantity'])
    for name in ('price', 'stop_price'):
        if request[name] is not None:
            _positive(name, request[name])
    if request['symbol'] is None and request['instrument'] is None:
        raise InvalidOptionError("an order needs a 'symbol' or an 'instrument'")
    if request['symbol'] is not None and not isinstance(request['symbol'], str):
        raise InvalidOptionError(f"'symbol' takes a text, not {request['symbol']!r}")
    kind = request['order_type']
    if kind is None:
        kind = ('market' if price is None else 'limit') if stop is None else ('stop' if price is None else 'stop-limit')
    _one_of('order_type', kind, ORDER_TYPES)
    _belongs(kind, 'price', kind in _WITH_LIMIT, price is not None)
    _belongs(kind, 'stop_price', kind in _WITH_STOP, stop is not None)
    force = request['time_in_force']
    if force is None:
        force = 'gtc' if kind in _WITH_LIMIT else 'ioc'
    _one_of('time_in_force', force, TIMES_IN_FORCE)
    expire_at = request['expire_at']
    if (force == 'gtd') != (expire_at is not None):
        raise InvalidOptionError("'expire_at' and the time in force 'gtd' belong together: give both, or none")
    if expire_at is not None and not (isinstance(expire_at, int) and 0 < expire_at < 2**63):
        raise InvalidOptionError(f"'expire_at' takes ns since 1970, not {expire_at!r}")
    for name in ('post_only', 'reduce_only'):
        if not isinstance(request[name], bool):
            raise InvalidOptionError(f"'{name}' takes True or False, not {request[name]!r}")
    if request['post_only'] and (kind != 'limit' or force in ('ioc', 'fok')):
        raise InvalidOptionError("'post_only' is for limit orders that may rest: 'gtc' or 'gtd'")
    label = request['client_order_id']
    if label is not None and not (isinstance(label, str) and '\0' not in label and len(label.encode('utf-8', 'replace')) <= 32):
        raise InvalidOptionError(f"'client_order_id' takes a text of at most 32 bytes, not {label!r}")
    return kind, force


def check_timer(name, after, every):
    """The ns until it fires, and between two firings. Raises InvalidOptionError."""
    if (after is None) == (every is None):
        raise InvalidOptionError("a timer takes 'after' or 'every', in ms: one of both")
    ms = every if after is None else after
    if isinstance(ms, bool) or not isinstance(ms, (int, float)) or not 1 <= ms <= _LONGEST_TIMER_MS:
        raise InvalidOptionError(f'a timer takes 1 to {_LONGEST_TIMER_MS} ms, not {ms!r}')
    if not isinstance(name, str) or re.match(r'[\x21-\x7e]{1,32}\Z', name) is None:
        raise InvalidOptionError(f'a timer needs a name of 1 to 32 printable ASCII characters, not {name!r}')
    ns = round(ms * 1e6)
    return ns, 0 if every is None else ns


def check_amend(price, quantity):
    if price is None and quantity is None:
        raise InvalidOptionError("amend() needs a 'price' or a 'quantity'")
    for name, value in (('price', price), ('quantity', quantity)):
        if value is not None:
            _positive(name, value)


def _one_of(name, value, values):
    if value not in values:
        raise InvalidOptionError(f"'{name}' takes {', '.join(repr(one) for one in values)}, not {value!r}")


def _positive(name, value):
    # numpy's numbers have no common class with Python's.
    if isinstance(value, (bool, str)) or not hasattr(value, '__float__') or not 0 < float(value) < math.inf:
        raise InvalidOptionError(f"'{name}' takes a number above 0, not {value!r}")


def _belongs(kind, name, wanted, given):
    if wanted != given:
        raise InvalidOptionError(f"a {kind} order needs a '{name}'" if wanted else f"a {kind} order takes no '{name}'; leave it out")
