"""Builds the wheel (PEP 517) with the standard library alone: `pip install ./python` needs no network, no compiler and no other package."""
import base64
import hashlib
import os
import tarfile
import zipfile

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: The same as in pyproject.toml; a test compares them.
NAME, VERSION = 'ticktape', '0.1.0'
_INFO = f'{NAME}-{VERSION}.dist-info'
_METADATA = f'''Metadata-Version: 2.1
Name: {NAME}
Version: {VERSION}
Summary: Memory-mapped journals between processes on one machine, and trading strategies, in Python
License: MIT
Requires-Python: >=3.9
Provides-Extra: arrays
Requires-Dist: numpy; extra == 'arrays'
Requires-Dist: pandas; extra == 'arrays'
'''
_WHEEL = 'Wheel-Version: 1.0\nGenerator: ticktape\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
# The same bytes for the same files, whenever the wheel is built.
_DATE = (2026, 1, 1, 0, 0, 0)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f'{NAME}-{VERSION}-py3-none-any.whl'
    record = ''
    with zipfile.ZipFile(os.path.join(wheel_directory, name), 'w', zipfile.ZIP_DEFLATED) as wheel:
        for path, data in [*_package(), (f'{_INFO}/METADATA', _METADATA.encode()), (f'{_INFO}/WHEEL', _WHEEL.encode())]:
            _add(wheel, path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
            record += f'{path},sha256={digest},{len(data)}\n'
        _add(wheel, f'{_INFO}/RECORD', f'{record}{_INFO}/RECORD,,\n'.encode())
    return name


def build_sdist(sdist_directory, config_settings=None):
    name = f'{NAME}-{VERSION}'
    with tarfile.open(os.path.join(sdist_directory, f'{name}.tar.gz'), 'w:gz') as archive:
        for path in ('pyproject.toml', 'README.md', 'packaging/backend.py', *(path for path, _ in _package())):
            archive.add(os.path.join(_ROOT, path), f'{name}/{path}')
    return f'{name}.tar.gz'


def _package():
    """The files of the package: paths in it, and contents."""
    for folder, folders, names in os.walk(os.path.join(_ROOT, NAME)):
        folders.sort()
        for name in sorted(names):
            if name.endswith(('.py', '.typed')):
                path = os.path.join(folder, name)
                with open(path, 'rb') as file:
                    yield os.path.relpath(path, _ROOT).replace(os.sep, '/'), file.read()


def _add(wheel, path, data):
    entry = zipfile.ZipInfo(path, _DATE)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, data)
