#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

/** The errors of the library: a class for each kind, each with a stable code, as in the library for Node. */
namespace ticktape {

/** The base of all errors. `path` is empty and `position` has no value where that means nothing. */
class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message, std::string path = {}, std::optional<uint64_t> position = {})
      : std::runtime_error(message), code_(code), path_(std::move(path)), position_(position) {}

  /** The kind of error, such as "ERR_WRITER_LOCKED". */
  const char* code() const { return code_; }
  const std::string& path() const { return path_; }
  std::optional<uint64_t> position() const { return position_; }

 private:
  const char* code_;
  std::string path_;
  std::optional<uint64_t> position_;
};

namespace detail {

template <class Kind>
class ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& message, std::string path = {}, std::optional<uint64_t> position = {})
      : Error(Kind::kCode, message, std::move(path), position) {}
};

}  // namespace detail

/** There is no journal, or no page of it yet. */
struct JournalNotFoundError : detail::ErrorOf<JournalNotFoundError> {
  static constexpr char kCode[] = "ERR_JOURNAL_NOT_FOUND";
  using ErrorOf::ErrorOf;
};

/** The path is something else than a journal. */
struct NotAJournalError : detail::ErrorOf<NotAJournalError> {
  static constexpr char kCode[] = "ERR_NOT_A_JOURNAL";
  using ErrorOf::ErrorOf;
};

/** Bytes of a journal contradict its format. */
struct CorruptJournalError : detail::ErrorOf<CorruptJournalError> {
  static constexpr char kCode[] = "ERR_CORRUPT_JOURNAL";
  using ErrorOf::ErrorOf;
};

/** The journal is of another version of the format. */
struct FormatVersionError : detail::ErrorOf<FormatVersionError> {
  static constexpr char kCode[] = "ERR_FORMAT_VERSION";
  using ErrorOf::ErrorOf;
};

/** The journal was removed, moved or replaced while it was open. */
struct JournalReplacedError : detail::ErrorOf<JournalReplacedError> {
  static constexpr char kCode[] = "ERR_JOURNAL_REPLACED";
  using ErrorOf::ErrorOf;
};

/** Retention has removed the position. `firstPosition` is the first one that exists. */
class PositionGoneError : public Error {
 public:
  PositionGoneError(const std::string& message, uint64_t first, std::string path, uint64_t position)
      : Error("ERR_POSITION_GONE", message, std::move(path), position), first_(first) {}
  uint64_t firstPosition() const { return first_; }

 private:
  uint64_t first_;
};

/** The journal has a writer already. */
struct WriterLockedError : detail::ErrorOf<WriterLockedError> {
  static constexpr char kCode[] = "ERR_WRITER_LOCKED";
  using ErrorOf::ErrorOf;
};

/** There is no room for the next page. All frames so far are intact. */
struct JournalFullError : detail::ErrorOf<JournalFullError> {
  static constexpr char kCode[] = "ERR_JOURNAL_FULL";
  using ErrorOf::ErrorOf;
};

/** Durable frames are damaged or missing. Nothing was changed. */
struct RecoveryRefusedError : detail::ErrorOf<RecoveryRefusedError> {
  static constexpr char kCode[] = "ERR_RECOVERY_REFUSED";
  using ErrorOf::ErrorOf;
};

/** The journal is a replica, whose frames come from another journal. */
struct ReplicaError : detail::ErrorOf<ReplicaError> {
  static constexpr char kCode[] = "ERR_REPLICA";
  using ErrorOf::ErrorOf;
};

/** A sync failed: frames after the durable position may be lost if the machine stops. */
struct SyncFailedError : detail::ErrorOf<SyncFailedError> {
  static constexpr char kCode[] = "ERR_SYNC_FAILED";
  using ErrorOf::ErrorOf;
};

/** A definition of a frame that the format cannot hold. */
struct FrameDefinitionError : detail::ErrorOf<FrameDefinitionError> {
  static constexpr char kCode[] = "ERR_FRAME_DEFINITION";
  using ErrorOf::ErrorOf;
};

/** A definition contradicts the one that the journal has. */
struct SchemaMismatchError : detail::ErrorOf<SchemaMismatchError> {
  static constexpr char kCode[] = "ERR_SCHEMA_MISMATCH";
  using ErrorOf::ErrorOf;
};

/** A field does not take its value. */
struct FieldValueError : detail::ErrorOf<FieldValueError> {
  static constexpr char kCode[] = "ERR_FIELD_VALUE";
  using ErrorOf::ErrorOf;
};

/** The journal has another instrument with the same number. */
struct InstrumentMismatchError : detail::ErrorOf<InstrumentMismatchError> {
  static constexpr char kCode[] = "ERR_INSTRUMENT_MISMATCH";
  using ErrorOf::ErrorOf;
};

/** The name of a reader is not valid, or it cannot be registered. */
struct ReaderNameError : detail::ErrorOf<ReaderNameError> {
  static constexpr char kCode[] = "ERR_READER_NAME";
  using ErrorOf::ErrorOf;
};

/** A live reader has this name. */
struct ReaderBusyError : detail::ErrorOf<ReaderBusyError> {
  static constexpr char kCode[] = "ERR_READER_BUSY";
  using ErrorOf::ErrorOf;
};

/** An argument that cannot be meant. */
struct InvalidOptionError : detail::ErrorOf<InvalidOptionError> {
  static constexpr char kCode[] = "ERR_INVALID_OPTION";
  using ErrorOf::ErrorOf;
};

/** A call that is not allowed now. */
struct InvalidStateError : detail::ErrorOf<InvalidStateError> {
  static constexpr char kCode[] = "ERR_INVALID_STATE";
  using ErrorOf::ErrorOf;
};

/** A system call failed: the message says which one, on which file, and why. */
struct SystemError : detail::ErrorOf<SystemError> {
  static constexpr char kCode[] = "ERR_SYSTEM";
  using ErrorOf::ErrorOf;
};

namespace detail {

/** Throws for the system call that has just failed. `number` is errno where the call returns it. */
[[noreturn]] inline void throwSystem(const std::string& doing, const std::string& path, int number = errno) {
  throw SystemError(doing + " " + path + ": " + std::strerror(number), path);
}

}  // namespace detail
}  // namespace ticktape
