// The library for C++ alone, under sanitizers: what journals between languages hold is shown by test/cpp.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <functional>
#include <thread>

#include <ticktape/ticktape.h>

#include "../../native/test/check.h"
#include "frames.h"

using namespace ticktape;
using frames::Large;
using frames::Small;

namespace {

/** Called when a byte of a reader slot is about to be locked. */
std::function<void()>* onSlotLock = nullptr;
/** The inodes of what is synced. */
std::vector<ino_t>* synced = nullptr;

}  // namespace

// In place of those of libc, so that a test can act, or look, at the moment of a call.
extern "C" int fcntl(int file, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  constexpr int setLock = 37;
  const auto* lock = static_cast<const struct flock*>(argument);
  if (command == setLock && onSlotLock != nullptr && lock->l_type == F_WRLCK && lock->l_start >= static_cast<off_t>(format::control::kHeaderSize))
    (*std::exchange(onSlotLock, nullptr))();
  return static_cast<int>(::syscall(SYS_fcntl, file, command, argument));
}

extern "C" int fsync(int file) {
  struct stat status {};
  if (synced != nullptr && ::fstat(file, &status) == 0) synced->push_back(status.st_ino);
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace {

constexpr std::size_t kPage = 65536;
constexpr uint32_t kCapacity = (kPage - 4096) / 64;

WriterOptions small(std::optional<Durability> durability = {}) {
  WriterOptions options;
  options.pageSize = kPage;
  options.durability = durability;
  return options;
}

uint64_t write(Writer& writer, uint64_t n) {
  if (n % 5 == 0) return writer.write<Large>([&](Large& f) { f.n = n; });
  return writer.write<Small>([&](Small& f) { f.n = n; });
}

/** Reads all that is there, which must be the numbers from `first` on. Returns the next one. */
uint64_t expectCounting(Reader& reader, uint64_t first) {
  auto counting = handlers(on<Small>([&](const Small& f) { CHECK_EQ(uint64_t{f.n}, first++); }), on<Large>([&](const Large& f) { CHECK_EQ(uint64_t{f.n}, first++); }));
  while (reader.poll(counting) > 0) {
  }
  return first;
}

/** The code of the error that is thrown; "" for none. */
template <class Body>
std::string codeOf(const Body& body) {
  try {
    body();
    return "";
  } catch (const Error& error) {
    return error.code();
  }
}

}  // namespace

TEST(a_thread_reads_what_another_writes_page_after_page) {
  const std::string path = check::directory() + "/journal";
  constexpr uint64_t frames = 20'000;
  for (const Durability durability : {Durability::process, Durability::interval}) {
    const std::string journal = path + std::to_string(static_cast<int>(durability));
    Writer writer(journal, small(durability));
    std::thread reading([&] {
      Reader reader(journal);
      for (uint64_t next = 1; next <= frames;) {
        next = expectCounting(reader, next);
        if (next <= frames) reader.wait(1'000'000'000);
      }
    });
    for (uint64_t n = 1; n <= frames; n++) write(writer, n);
    reading.join();
    CHECK_EQ(writer.flush(), writer.position());
  }
}

TEST(a_seek_finds_every_frame_by_position_and_time) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  std::vector<uint64_t> positions;
  for (uint64_t n = 1; n <= 3000; n++) {
    CommitOptions at;
    at.time = static_cast<int64_t>(1'000'000'000 + n / 3);
    positions.push_back(writer.write<Small>([&](Small& f) { f.n = n; }, at));
  }
  Reader reader(path);
  for (uint64_t n = 1; n <= 3000; n += 7) {
    reader.seek(positions[n - 1]);
    CHECK_EQ(reader.next()->load<uint64_t>(16), n);
    reader.seekTime(static_cast<int64_t>(1'000'000'000 + n / 3));
    CHECK_EQ(reader.next()->load<uint64_t>(16), std::max<uint64_t>(1, n / 3 * 3));
  }
  reader.seekTime(INT64_MAX);
  CHECK(!reader.next());
  CHECK(codeOf([&] { reader.seek(1'000'000); }) == "ERR_INVALID_OPTION");
  CHECK_EQ(reader.frameBefore(positions[2000])->position(), positions[1999]);
}

TEST(frames_that_are_given_up_leave_zeros_and_no_marks) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  for (uint64_t n = 1; n <= 250; n++) writer.write<Small>([&](Small& f) { f.n = n; });
  const uint64_t before = writer.position();
  CHECK(codeOf([&] {
          writer.atomic(20, [&] {
            for (int i = 0; i < 10; i++) writer.write<Small>([&](Small& f) { f.n = 9999; });
            writer.write<Large>([&](Large& f) { f.n = 9999; }, {Cause{}, 1, 2, 0});
            writer.begin<Small>().n = 7;
            throw InvalidStateError("the program gives up");
          });
        }) == "ERR_INVALID_STATE");
  CHECK_EQ(writer.position(), before);
  // Two slots: the stride's first frame begins at another slot now.
  writer.write<Small>([&](Small& f) { f.n = 251; });
  for (uint64_t n = 252; n <= 400; n++) writer.write<Large>([&](Large& f) { f.n = n; });
  writer.begin<Small>().n = 5;
  CHECK(codeOf([&] { writer.begin<Small>(); }) == "ERR_INVALID_STATE");
  writer.abort();
  CHECK(codeOf([&] { writer.commit(); }) == "ERR_INVALID_STATE");
  CHECK(codeOf([&] { writer.atomic(kCapacity + 1, [] {}); }) == "ERR_INVALID_OPTION");
  CHECK(codeOf([&] { writer.atomic(1, [&] { writer.write<Large>([](Large&) {}); }); }) == "ERR_INVALID_STATE");
  CHECK(codeOf([&] { writer.write<Small>([](Small&) {}, {{}, 1, 0, 0}); }) == "ERR_INVALID_OPTION");
  Reader reader(path);
  CHECK_EQ(expectCounting(reader, 1), 401u);
  reader.seek(260);
  CHECK_EQ(reader.next()->position() % 2, 1u);
  const detail::Page page(detail::Directory(path), 0, false);
  for (const uint8_t* at = page.slot(page.cursor()); at < page.data() + kPage; at++) CHECK_EQ(int{*at}, 0);
}

TEST(texts_take_only_what_their_kind_can_hold) {
  frames::Wide wide{};
  wide.label = "🚀12345";
  CHECK(wide.label == "🚀12345");
  for (const std::string_view bad : {std::string_view("1234567890"), std::string_view("a\0b", 3), std::string_view("\xed\xa0\x80"), std::string_view("\xc0\x80"), std::string_view("\xf5")})
    CHECK(codeOf([&] { wide.label = bad; }) == "ERR_FIELD_VALUE");
  CHECK(codeOf([&] { wide.code = "é"; }) == "ERR_FIELD_VALUE");
  CHECK(wide.label == "🚀12345");
  wide.label = "";
  CHECK(wide.label.view().empty());
}

TEST(a_journal_has_one_writer_and_a_name_one_reader) {
  const std::string path = check::directory() + "/journal";
  CHECK(codeOf([&] { Reader reader(path); }) == "ERR_JOURNAL_NOT_FOUND");
  Writer writer(path, small());
  CHECK(codeOf([&] { Writer other(path); }) == "ERR_WRITER_LOCKED");
  // Also without the lock file.
  CHECK_EQ(::unlink((path + "/writer.lock").c_str()), 0);
  CHECK(codeOf([&] { Writer other(path); }) == "ERR_WRITER_LOCKED");
  for (uint64_t n = 1; n <= 10; n++) write(writer, n);
  ReaderOptions options;
  options.name = "one";
  {
    Reader reader(path, options);
    CHECK(codeOf([&] { Reader other(path, options); }) == "ERR_READER_BUSY");
    CHECK_EQ(reader.next()->load<uint64_t>(16), 1u);
    reader.checkpoint();
  }
  Reader again(path, options);
  CHECK_EQ(again.next()->load<uint64_t>(16), 2u);
  options.name = "a b";
  CHECK(codeOf([&] { Reader other(path, options); }) == "ERR_READER_NAME");
}

TEST(a_writer_that_is_killed_is_recovered_and_groups_are_whole) {
  const std::string path = check::directory() + "/journal";
  uint64_t last = 0;
  // The number of the last frame that is there; 0 when there is none yet.
  const auto end = [&]() -> uint64_t {
    try {
      Reader reader(path);
      const auto frame = reader.frameBefore(UINT64_MAX >> 12);
      return frame ? frame->load<uint64_t>(frame->slots() == 1 ? 16 : 32) : 0;
    } catch (const Error&) {
      return 0;
    }
  };
  for (int kill = 0; kill < 8; kill++) {
    const int child = check::startChild([&] {
      Writer writer(path, small(kill % 2 == 0 ? Durability::process : Durability::interval));
      for (uint64_t n = last + 1;; n += 3) {
        writer.atomic(6, [&] {
          for (uint64_t i = 0; i < 3; i++) write(writer, n + i);
        });
      }
      return 0;
    });
    CHECK(check::eventually([&] { return end() > last; }));
    check::sleepMs(kill * 3);
    ::kill(child, SIGKILL);
    check::finish(child);
    Writer writer(path);
    Reader reader(path);
    const uint64_t next = expectCounting(reader, 1);
    CHECK_EQ((next - 1) % 3, 0u);
    CHECK(next - 1 > last);
    last = next - 1;
  }
}

TEST(hostile_bytes_are_errors) {
  const std::string path = check::directory() + "/journal";
  {
    Writer writer(path, small());
    for (uint64_t n = 1; n <= 20; n++) write(writer, n);
  }
  const std::string page = path + "/0000000000.page";
  const auto patched = [&](off_t offset, uint8_t byte) {
    const int file = ::open(page.c_str(), O_RDWR | O_CLOEXEC);
    uint8_t before = 0;
    CHECK_EQ(::pread(file, &before, 1, offset), 1);
    CHECK_EQ(::pwrite(file, &byte, 1, offset), 1);
    const std::string code = codeOf([&] {
      Reader reader(path);
      expectCounting(reader, 1);
    });
    CHECK_EQ(::pwrite(file, &before, 1, offset), 1);
    ::close(file);
    return code;
  };
  CHECK(patched(0, 'X') == "ERR_NOT_A_JOURNAL");
  CHECK(patched(8, 9) == "ERR_FORMAT_VERSION");
  CHECK(patched(20, 1) == "ERR_CORRUPT_JOURNAL");
  CHECK(patched(131, 0xff) == "ERR_CORRUPT_JOURNAL");       // the cursor
  CHECK(patched(4096 + 64 + 2, 0) == "ERR_CORRUPT_JOURNAL");    // no slots
  CHECK(patched(4096 + 64 + 2, 255) == "ERR_CORRUPT_JOURNAL");  // past the cursor
  CHECK(patched(4096 + 64 + 2, 2) == "ERR_CORRUPT_JOURNAL");    // a Small of two slots
  CHECK(patched(4096 + 64, 0) == "ERR_CORRUPT_JOURNAL");        // no type
  CHECK(patched(10'000, 1) == "");
  for (const char* text : {"{", "[]", "{\"format\":3,\"frames\":[]}", "{\"format\":1,\"frames\":[{\"name\":\"A\",\"id\":1,\"slots\":0,\"fields\":[]}]}",
                           "{\"format\":1,\"frames\":[{\"name\":\"A\",\"id\":1,\"slots\":1,\"fields\":[{\"name\":\"n\",\"kind\":\"u64\",\"size\":8,\"offset\":60}]}]}"}) {
    CHECK(codeOf([&] { Schema::parse(text, path); }) == "ERR_CORRUPT_JOURNAL");
  }
  CHECK(codeOf([&] { Schema::parse(std::string(100'000, '['), path); }) == "ERR_CORRUPT_JOURNAL");
}

TEST(a_journal_that_is_replaced_is_noticed_by_both_sides) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  write(writer, 1);
  Reader reader(path);
  CHECK_EQ(::rename(path.c_str(), (path + "-moved").c_str()), 0);
  CHECK(codeOf([&] {
          for (uint64_t n = 2;; n++) {
            write(writer, n);
            check::sleepMs(1);
          }
        }) == "ERR_JOURNAL_REPLACED");
  uint64_t next = 1;
  CHECK(codeOf([&] {
          for (;;) {
            next = expectCounting(reader, next);
            reader.wait(1'000'000'000);
          }
        }) == "ERR_JOURNAL_REPLACED");
}

TEST(definitions_that_differ_are_named) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  write(writer, 1);
  Definition other = Definition::parse(Small::kJson);
  other.fields[0].kind = "i64";
  CHECK(codeOf([&] { writer.begin(other); }) == "ERR_SCHEMA_MISMATCH");
  other.id = 77;
  CHECK(codeOf([&] { writer.begin(other); }) == "ERR_SCHEMA_MISMATCH");
  other.name = "Other";
  detail::put<int64_t>(writer.begin(other) + 16, -5);
  writer.commit();
  Reader reader(path);
  reader.next();
  CHECK(toJson(*reader.next()).find("\"type\":\"Other\",\"n\":\"-5\"") != std::string::npos);
}

TEST(instruments_are_compared_as_values) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  writer.addInstruments({{1, "v", "A", {{"tick", "\"0.1\""}, {"inverse", "true"}, {"lot", "1"}, {"end", "null"}}}});
  writer.addInstruments({{1, "v", "A", {{"end", " null"}, {"lot", "1.0"}, {"tick", "\"\\u0030.1\""}, {"inverse", "true"}}}});
  CHECK_EQ(Instruments::read(detail::Directory(path)).all().size(), 1u);
  const auto refused = [&](const Instrument& one) { return codeOf([&] { writer.addInstruments({one}); }); };
  CHECK(refused({1, "v", "A", {{"tick", "\"0.10\""}, {"inverse", "true"}, {"lot", "1"}, {"end", "null"}}}) == "ERR_INSTRUMENT_MISMATCH");
  CHECK(refused({1, "v", "A", {{"tick", "\"0.1\""}, {"inverse", "true"}, {"lot", "1"}}}) == "ERR_INSTRUMENT_MISMATCH");
  for (const char* bad : {"0.1.2", "", "{}", "[1]", "nan"}) CHECK(refused({2, "v", "B", {{"tick", bad}}}) == "ERR_INVALID_OPTION");
  CHECK(refused({2, "v", "B", {{"symbol", "\"C\""}}}) == "ERR_INVALID_OPTION");
}

TEST(a_reader_waits_on_an_empty_page) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  for (uint32_t n = 1; n <= kCapacity; n++) writer.write<Small>([&](Small& f) { f.n = n; });
  Reader reader(path);
  for (uint32_t n = 1; n <= kCapacity; n++) CHECK_EQ(reader.next()->load<uint64_t>(16), n);
  // The writer goes on to the next page, and has nothing to say there.
  writer.begin<Small>();
  writer.abort();
  CHECK(!reader.wait(20'000'000));
  CHECK_EQ(reader.position(), uint64_t{kCapacity});
  write(writer, 1);
  CHECK(reader.wait(1'000'000'000));
}

TEST(frames_that_are_given_up_on_a_page_with_all_marks_leave_the_first_frame) {
  const std::string path = check::directory() + "/journal";
  // 896 strides of 256 slots: the first frame is right behind the last mark.
  WriterOptions options;
  options.pageSize = 4096 + 896 * 256 * 64;
  Writer writer(path, options);
  Definition wide = Definition::parse(Large::kJson);
  wide.name = "Widest";
  wide.id = 900;
  wide.slots = 255;
  const uint32_t capacity = 896 * 256;
  for (uint32_t slot = 0; slot < capacity - 512; slot += wide.slots) {
    writer.begin(wide);
    writer.commit();
  }
  const auto left = static_cast<uint32_t>(capacity - writer.position());
  for (int attempt = 0; attempt < 2; attempt++) {
    CHECK(codeOf([&] {
            writer.atomic(left, [&] {
              for (uint32_t i = 0; i < left; i++) writer.write<Small>([](Small& f) { f.n = 1; });
              throw InvalidStateError("the program gives up");
            });
          }) == "ERR_INVALID_STATE");
  }
  for (uint32_t i = 0; i < left; i++) writer.write<Small>([](Small& f) { f.n = 1; });
  Reader reader(path);
  CHECK_EQ(reader.next()->type(), wide.id);
  reader.seek(capacity - 1);
  CHECK_EQ(reader.next()->position(), uint64_t{capacity} - 1);
}

TEST(a_name_that_is_given_up_while_another_reader_takes_it_is_there_afterwards) {
  const std::string path = check::directory() + "/journal";
  Writer writer(path, small());
  write(writer, 1);
  ReaderOptions options;
  options.name = "one";
  auto first = std::make_unique<Reader>(path, options);
  // It has no checkpoint, so its slot becomes free: after the other one has found the name, and before that locks the slot.
  std::function<void()> close = [&] { first.reset(); };
  onSlotLock = &close;
  Reader second(path, options);
  CHECK(!first);
  const auto control = detail::Control::open(detail::Directory(path), false);
  CHECK_EQ(loadAcquire(control->word(detail::readerSlot(0))), format::reader_state::kUsed);
  CHECK(codeOf([&] { Reader other(path, options); }) == "ERR_READER_BUSY");
}

TEST(the_names_of_new_folders_are_durable) {
  const std::string above = check::directory();
  std::vector<ino_t> inodes;
  synced = &inodes;
  { Writer writer(above + "/a/b/journal", small()); }
  synced = nullptr;
  for (const char* folder : {"", "/a", "/a/b", "/a/b/journal"}) {
    struct stat status;
    CHECK_EQ(::stat((above + folder).c_str(), &status), 0);
    CHECK(std::find(inodes.begin(), inodes.end(), status.st_ino) != inodes.end());
  }
}

TEST(names_that_an_enum_gets_later_are_known_to_a_reader_that_is_open) {
  using frames::Wide;
  const std::string path = check::directory() + "/journal";
  Definition older = Definition::parse(Wide::kJson);
  for (Field& field : older.fields)
    if (field.kind == "enum") field.values.resize(2);
  Writer writer(path, small());
  const auto writeOld = [&] {
    writer.begin(older)[56] = 1;
    writer.commit();
  };
  writeOld();
  Reader reader(path);
  CHECK(toJson(*reader.next()).find("\"side\":\"sell\"") != std::string::npos);
  // A program with more names reads what is there.
  Reader newer(path);
  Wide::Side side{};
  auto sides = handlers(on<Wide>([&](const Wide& frame) { side = frame.side; }));
  CHECK_EQ(newer.poll(sides), 1u);
  CHECK(side == Wide::Side::sell);
  // And adds its names when it writes. Those that are there stay, also for a program with fewer.
  writer.write<Wide>([](Wide& frame) { frame.side = Wide::Side::_; });
  writeOld();
  CHECK(toJson(*reader.next()).find("\"side\":\"\303\251\"") != std::string::npos);
  CHECK_EQ(Schema::read(detail::Directory(path)).find("Wide")->find("side")->values.size(), 3u);
  Reader third(path);
  CHECK_EQ(third.poll(sides), 3u);
  CHECK(side == Wide::Side::sell);
}
