"""Instruments by number and by symbol, from the Instrument frames of the sequence."""
from decimal import Decimal

from ..errors import AmbiguousSymbolError, UnknownInstrumentError

_OPTIONAL = ('settlement', 'multiplier', 'minQuantity', 'maxQuantity', 'minNotional', 'maxNotional', 'calendar')


class Terms:
    """The terms of an instrument that a strategy's context needs. `entry` is that of instruments.json."""

    def __init__(self, entry):
        self.entry = entry
        self.number, self.venue, self.symbol = entry['number'], entry['venue'], entry['symbol']
        self.name = f'{self.symbol}.{self.venue}'
        self.is_inverse = bool(entry.get('inverse'))
        self.tick, self.step = Decimal(entry['priceTick']), Decimal(entry['quantityStep'])
        self.multiplier = Decimal(entry.get('multiplier') or '1')


class Instruments:
    def __init__(self):
        self.by_number, self._by_name, self._by_symbol = {}, {}, {}

    def add(self, entry):
        """Changed terms have a new number, which takes over the name. Returns the terms."""
        known = self.by_number.get(entry['number'])
        if known is not None:
            return known
        terms = Terms(entry)
        self.by_number[terms.number] = self._by_name[terms.name] = terms
        self._by_symbol.setdefault(terms.symbol, {})[terms.venue] = terms
        return terms

    def look_up(self, symbol, venue=None):
        """None when there is none. Raises AmbiguousSymbolError."""
        if venue is not None:
            return self._by_name.get(f'{symbol}.{venue}')
        sharing = self._by_symbol.get(symbol)
        if sharing is None:
            return self._by_name.get(symbol)
        if len(sharing) == 1:
            return next(iter(sharing.values()))
        names = ' or '.join(f"'{terms.name}'" for terms in sharing.values())
        raise AmbiguousSymbolError(f"several venues have '{symbol}'; write {names}")

    def find(self, symbol, venue=None):
        terms = self.look_up(symbol, venue)
        if terms is None:
            raise UnknownInstrumentError(f"there is no instrument {symbol!r}{'' if venue is None else f' at {venue}'} yet")
        return terms

    def is_shared(self, symbol):
        """Whether two venues have the symbol."""
        return len(self._by_symbol.get(symbol, ())) > 1


def entry_of(frame):
    """The entry of instruments.json that an Instrument frame stands for."""
    names = ('number', 'venue', 'symbol', 'kind', 'base', 'quote', 'priceTick', 'quantityStep')
    entry = {name: getattr(frame, name) for name in names}
    if frame.inverse:
        entry['inverse'] = True
    entry.update((name, getattr(frame, name)) for name in _OPTIONAL if getattr(frame, name) != '')
    return entry
