"""What a strategy logs: <home>/log/<id>.<day>.<n>.log, a new file each day (UTC) and after 16 MiB; the ten newest are kept."""
import os
import re
import sys
import time

_MOST_BYTES = 16 * 1024 * 1024
_MOST_FILES = 10


class LogFile:
    """A line that cannot be written is not worth stopping a strategy for: the first failure is printed, then lines go to standard error alone."""

    def __init__(self, directory, id):
        self._directory, self._id = directory, id
        self._file, self._day, self._failed = None, '', False

    def write(self, text):
        print(f'[{self._id}] {text}', file=sys.stderr, flush=True)
        if self._failed:
            return
        now = time.time_ns()
        day = time.strftime('%Y-%m-%d', time.gmtime(now // 10**9))
        line = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 10**9)) + f'.{now // 10**6 % 1000:03d}Z ' + text.replace('\n', '\n  ') + '\n'
        try:
            if self._file is None or day != self._day or self._file.tell() > _MOST_BYTES:
                self._open(day)
            self._file.write(line.encode('utf-8', 'backslashreplace'))
        except OSError as error:
            self._failed = True
            print(f'[{self._id}] the log in {self._directory} cannot be written: {error}', file=sys.stderr, flush=True)

    def _open(self, day):
        if self._file is not None:
            self._file.close()
        # A home that was removed is not created again.
        if not os.path.isdir(self._directory):
            os.mkdir(self._directory, 0o700)
        files = self._files()
        number = files[-1][1] if files and files[-1][0] == day else 1
        path = self._path(day, number)
        if os.path.exists(path) and os.path.getsize(path) > _MOST_BYTES:
            path = self._path(day, number + 1)
        self._file = open(path, 'ab', buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600))
        self._day = day
        for old in files[:max(0, len(files) - _MOST_FILES + 1)]:
            os.unlink(self._path(*old))

    def _path(self, day, number):
        return os.path.join(self._directory, f'{self._id}.{day}.{number}.log')

    def _files(self):
        """The days and numbers of this strategy's files, oldest first."""
        pattern = re.compile(re.escape(self._id) + r'\.(\d{4}-\d\d-\d\d)\.(\d+)\.log\Z')
        found = [pattern.match(name) for name in os.listdir(self._directory)]
        return sorted((match[1], int(match[2])) for match in found if match)
