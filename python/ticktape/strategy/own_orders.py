"""The strategy's orders that are not final: what it has sent, and what the reports say of them."""
from .strategy import OpenOrder

_FINAL = {'filled', 'cancelled', 'rejected', 'denied', 'expired'}
_SIDES = ('buy', 'sell')
_STATES = ('submitted', 'accepted', 'partially-filled', 'filled', 'cancelled', 'rejected', 'denied', 'expired', 'unknown')


class OwnOrders:
    def __init__(self, symbol_of):
        self._symbol_of = symbol_of
        # By id, oldest first.
        self._orders = {}

    def sent(self, order_id, instrument, side, price, quantity, label):
        self._orders[order_id] = OpenOrder(order_id, instrument, self._symbol_of(instrument), side, price, quantity, 0.0, 'submitted', False, False,
                                           label)

    def cancel_sent(self, order_id):
        self._change(order_id, pending_cancel=True)

    def amend_sent(self, order_id):
        self._change(order_id, pending_amend=True)

    def _change(self, order_id, **values):
        order = self._orders.get(order_id)
        if order is not None:
            self._orders[order_id] = order._replace(**values)

    def reported(self, report):
        order_id, state = report.order_id, report.state
        if state in _FINAL:
            self._orders.pop(order_id, None)
            return
        known = self._orders.get(order_id)
        instrument = report.instrument if known is None else known.instrument
        self._orders[order_id] = OpenOrder(
            order_id, instrument, self._symbol_of(instrument), report.side, report.price, report.quantity, report.filled_quantity, state,
            report.pending_cancel, report.pending_amend, report.client_order_id)

    def list(self, instrument=None):
        return [order for order in self._orders.values() if instrument is None or order.instrument == instrument]

    def load(self, saved):
        """What a snapshot has of them: lists of the values of each."""
        for high, low, instrument, side, state, price, quantity, filled, cancel, amend, label in saved:
            order_id = (int(high) << 32) | int(low)
            self._orders[order_id] = OpenOrder(order_id, int(instrument), self._symbol_of(int(instrument)), _SIDES[int(side)], price, quantity,
                                               filled, _STATES[int(state)], cancel, amend, label)
