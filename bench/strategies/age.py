# Measures the age of each event in the handler, as age.ts does.
import os
import time

from result import leave
from ticktape import Strategy

COUNT = int(os.environ['TICKTAPE_BENCH_COUNT'])


class Age(Strategy):
    id = 'age'

    def __init__(self):
        self.ages = []

    def on_book(self, book):
        self.ages.append(time.time_ns() - book.time)
        if len(self.ages) == COUNT:
            ages = sorted(self.ages[COUNT // 2:])
            leave('age', {'percentiles': [ages[int(part * len(ages))] / 1000 for part in (0.5, 0.99)]})


strategy = Age
