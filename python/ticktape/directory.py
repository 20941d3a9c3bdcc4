"""A journal's directory, held open: files are opened, created and removed in it, never by path."""
import os
import re
import stat

from .errors import CorruptJournalError, JournalNotFoundError, NotAJournalError
from .layout import page_name

LOCK, SCHEMA, INSTRUMENTS, CONTROL = 'writer.lock', 'schema.json', 'instruments.json', 'control'
REPLICA, REPAIR, TEMPORARY = 'replica.json', 'repair.json', '.tmp'
_PAGE = re.compile(r'\d{10}\.page$')
_KNOWN = {LOCK, SCHEMA, INSTRUMENTS, CONTROL, REPLICA, REPAIR}


class Directory:
    def __init__(self, path, create_mode=None):
        """Opens it. With `create_mode` it is created, and all folders above it, if it is not there."""
        self.path = os.path.abspath(os.fspath(path))
        if create_mode is not None:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            try:
                os.mkdir(self.path, create_mode)
            except FileExistsError:
                pass
        try:
            self.fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise JournalNotFoundError(f'there is no journal at {self.path}', self.path) from None
        except NotADirectoryError:
            raise NotAJournalError(f'{self.path} is no directory, so it is no journal', self.path) from None
        found = os.fstat(self.fd)
        self.identity = (found.st_dev, found.st_ino)

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def pages(self):
        """The numbers of its pages, in order."""
        return sorted(int(name[:10]) for name in os.listdir(self.fd) if _PAGE.match(name))

    def other_names(self):
        """What no journal has, and is not being created."""
        return sorted(name for name in os.listdir(self.fd)
                      if name not in _KNOWN and not _PAGE.match(name) and not name.endswith(TEMPORARY))

    def temporaries(self):
        return [name for name in os.listdir(self.fd) if name.endswith(TEMPORARY)]

    def stat(self, name):
        """None when there is no such file."""
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def holds(self, name, identity):
        """Whether the name is still that file."""
        found = self.stat(name)
        return found is not None and (found.st_dev, found.st_ino) == identity

    def is_at_path(self):
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self.identity

    def read(self, name, most_bytes):
        """The bytes of a file; None when there is none."""
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self.fd)
        except FileNotFoundError:
            return None
        with open(fd, 'rb') as file:
            found = os.fstat(fd)
            where = os.path.join(self.path, name)
            if not stat.S_ISREG(found.st_mode):
                raise CorruptJournalError(f'{where} is no regular file', where)
            if found.st_size > most_bytes:
                raise CorruptJournalError(f"{where} has {found.st_size} bytes, which is too large; run 'ticktape repair'", where)
            return file.read()

    def replace(self, name, data, mode):
        """Creates a file, or replaces it in one step: a process that opens it sees the old file or the new one."""
        temporary = name + TEMPORARY
        self.remove(temporary)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=self.fd)
        with open(fd, 'wb') as file:
            file.write(data)
            file.flush()
            os.fchmod(fd, mode)
            os.fsync(fd)
        os.rename(temporary, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        self.sync()

    def remove(self, name):
        try:
            os.unlink(name, dir_fd=self.fd)
        except FileNotFoundError:
            pass

    def sync(self):
        os.fsync(self.fd)

    def page_path(self, number):
        return os.path.join(self.path, page_name(number))
