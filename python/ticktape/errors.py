"""The errors of the library: a class for each kind, each with a stable `code`, as in the library for Node."""


class TicktapeError(Exception):
    """The base of all errors. `code` is stable; `path` and `position` say where, and are None where that means nothing."""

    code = 'ERR_TICKTAPE'

    def __init__(self, message, path=None, position=None):
        super().__init__(message)
        self.path = path
        self.position = position


class JournalNotFoundError(TicktapeError):
    """There is no journal, or no page of it yet."""

    code = 'ERR_JOURNAL_NOT_FOUND'


class NotAJournalError(TicktapeError):
    """The path is something else than a journal."""

    code = 'ERR_NOT_A_JOURNAL'


class CorruptJournalError(TicktapeError):
    """Bytes of a journal contradict its format."""

    code = 'ERR_CORRUPT_JOURNAL'


class FormatVersionError(TicktapeError):
    """The journal is of another version of the format."""

    code = 'ERR_FORMAT_VERSION'


class JournalReplacedError(TicktapeError):
    """The journal was removed, moved or replaced while it was open."""

    code = 'ERR_JOURNAL_REPLACED'


class PositionGoneError(TicktapeError):
    """Retention has removed the position. `first_position` is the first one that exists."""

    code = 'ERR_POSITION_GONE'

    def __init__(self, message, first_position, path=None, position=None):
        super().__init__(message, path, position)
        self.first_position = first_position


class WriterLockedError(TicktapeError):
    """The journal has a writer already."""

    code = 'ERR_WRITER_LOCKED'


class JournalFullError(TicktapeError):
    """There is no room for the next page. All frames so far are intact."""

    code = 'ERR_JOURNAL_FULL'


class RecoveryRefusedError(TicktapeError):
    """Durable frames are damaged or missing. Nothing was changed."""

    code = 'ERR_RECOVERY_REFUSED'


class ReplicaError(TicktapeError):
    """The journal is a replica, whose frames come from another journal."""

    code = 'ERR_REPLICA'


class SyncFailedError(TicktapeError):
    """A sync failed: frames after the durable position may be lost if the machine stops."""

    code = 'ERR_SYNC_FAILED'


class FrameDefinitionError(TicktapeError):
    """A definition of a frame that the format cannot hold."""

    code = 'ERR_FRAME_DEFINITION'


class SchemaMismatchError(TicktapeError):
    """A definition contradicts the one that the journal has."""

    code = 'ERR_SCHEMA_MISMATCH'


class FieldValueError(TicktapeError, ValueError):
    """A field is missing, is not known, or does not take its value. Nothing was written."""

    code = 'ERR_FIELD_VALUE'


class InstrumentMismatchError(TicktapeError):
    """The journal has another instrument with the same number."""

    code = 'ERR_INSTRUMENT_MISMATCH'


class ReaderNameError(TicktapeError):
    """The name of a reader is not valid, or it cannot be registered."""

    code = 'ERR_READER_NAME'


class ReaderBusyError(TicktapeError):
    """A live reader has this name."""

    code = 'ERR_READER_BUSY'


class InvalidOptionError(TicktapeError, ValueError):
    """An argument that cannot be meant."""

    code = 'ERR_INVALID_OPTION'


class InvalidStateError(TicktapeError):
    """A call that is not allowed now."""

    code = 'ERR_INVALID_STATE'


class ClosedError(TicktapeError):
    """The reader or writer was closed."""

    code = 'ERR_CLOSED'


class UnsupportedPlatformError(TicktapeError):
    """This machine or this system lacks something that the rules of the format need."""

    code = 'ERR_UNSUPPORTED_PLATFORM'


class StrategyError(TicktapeError):
    """A strategy's module cannot be loaded, or what it defines is not valid."""

    code = 'ERR_STRATEGY'


class UnknownInstrumentError(TicktapeError):
    """No instrument has this symbol yet."""

    code = 'ERR_UNKNOWN_INSTRUMENT'


class AmbiguousSymbolError(TicktapeError):
    """Several venues have this symbol: name one."""

    code = 'ERR_AMBIGUOUS_SYMBOL'


class HomeError(TicktapeError):
    """The journals of a home do not fit together, or pages that are needed are gone."""

    code = 'ERR_HOME'
