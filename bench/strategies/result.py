"""Where strategies of the benchmark leave their results, as result.ts does."""
import json
import os


def leave(id, result):
    """The file appears with its contents: who waits for it reads it at once."""
    path = f"{os.environ['TICKTAPE_BENCH_RESULT']}.{id}"
    with open(path + '.part', 'w') as file:
        json.dump(result, file)
    os.rename(path + '.part', path)
