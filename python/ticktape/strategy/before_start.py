"""What a strategy knows when it starts at a position of the sequence: instruments, its orders and positions, the last quotes."""
from ..errors import HomeError
from ..reader import Reader
from .snapshot import snapshots

_BATCH = 1024


def first_start(sequence):
    """Where a strategy begins that has never run: at the first frame, or where it is known what was before when earlier pages are gone."""
    with Reader(sequence) as reader:
        first = reader.position
        if first == 0:
            return 'start'
        known = [snapshot.at for snapshot in snapshots(reader, first)]
        return known[-1] if known else 'start'


def learn(host, sequence, position, on_batch):
    """Tells the host what was before a position. Returns the last frame before it, None when there is none.

    `on_batch` is called from time to time. Raises HomeError when pages that are needed are gone.
    """
    with Reader(sequence) as reader:
        first = reader.position
        found = next(snapshots(reader, first, position), None)
        if found is None and first > 0 and position > 0:
            raise HomeError(f'{sequence} begins at position {first}: its first pages are gone, and no snapshot says what was known at {position}',
                            sequence, position)
        if found is not None:
            _load(host, found.views)
        reader.seek(first if found is None else found.at)
        learners = host.learners()
        while reader.poll(learners, _BATCH, None, position) > 0:
            on_batch()
        return reader.frame_before(position)


def _load(host, views):
    for number, spec in views['instruments']:
        entry = {'number': int(number), 'venue': spec['venue'], 'symbol': spec['symbol'], **spec}
        host.add_instrument(entry)
        if number < len(views['bids']):
            host.positions.quotes[int(number)] = (views['bids'][int(number)], views['asks'][int(number)])
    for view in views['strategies']:
        if view['strategy'] == host.number:
            host.orders.load(view['orders'])
            host.positions.load(view['positions'])
