# Reads all market events and checks their order, as reader.ts does.
import os
import sys
import time

from result import leave
from ticktape import Strategy

COUNT = int(os.environ['TICKTAPE_BENCH_COUNT'])
EVENT_BATCH, FIRST_BID = 4096, 1000.5  # as in support/desk.ts


class Reader(Strategy):
    id = 'reader'

    def __init__(self):
        self.seen = 0

    def on_book(self, book):
        seen = self.seen
        if seen == 0:
            self.begun = time.time()
        # The prices of the feed say the number of the event.
        if book.bid != FIRST_BID + seen % EVENT_BATCH:
            print('event', seen, 'has the bid', book.bid, file=sys.stderr)
        self.seen = seen = seen + 1
        if seen == COUNT:
            leave('reader', {'ms': (time.time() - self.begun) * 1000})


strategy = Reader
