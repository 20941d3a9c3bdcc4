// Which snapshot of a sequence a strategy's process takes: a program of test/cpp/desk.test.ts, which ends with 0 when all is right.
#include <fcntl.h>
#include <unistd.h>

#include <ticktape/strategy.h>

namespace {

using namespace ticktape;
using trading::SnapshotEnd;
using trading::SnapshotPart;

void need(bool good, const char* what) {
  if (!good) throw std::logic_error(what);
}

/** A length, 4 bytes that say nothing, and the bytes. */
std::string packed(const std::string& bytes) {
  std::string text(8, '\0');
  detail::put<uint32_t>(reinterpret_cast<uint8_t*>(&text[0]), static_cast<uint32_t>(bytes.size()));
  return text + bytes;
}

/** A snapshot of three parts that is true where it begins. Returns that position. */
uint64_t writeSnapshot(Writer& writer, uint32_t number) {
  const std::string data = packed(packed("{" + std::string(5000, ' ') + "}"));
  const uint64_t begin = writer.position();
  uint32_t parts = 0;
  for (std::size_t at = 0; at < data.size(); at += sizeof SnapshotPart::bytes) {
    writer.write<SnapshotPart>([&](SnapshotPart& frame) {
      const std::string bytes = data.substr(at, sizeof frame.bytes);
      frame.snapshot = number;
      frame.part = parts++;
      frame.size = static_cast<uint16_t>(bytes.size());
      std::memcpy(frame.bytes.data, bytes.data(), bytes.size());
    });
  }
  std::string hash;
  for (const uint8_t byte : detail::Sha256::of(data)) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    hash += hex;
  }
  writer.write<SnapshotEnd>([&](SnapshotEnd& frame) {
    frame.snapshot = number;
    frame.parts = parts;
    frame.size = static_cast<double>(data.size());
    frame.at = frame.begin = static_cast<double>(begin);
    frame.sha256 = hash;
  });
  return begin;
}

void run(const std::string& path) {
  WriterOptions options;
  options.pageSize = 65536;
  Writer writer(path, options);
  const uint64_t slots = writer.pageSlots();
  const auto writeUpTo = [&](uint64_t position) {
    while (writer.position() < position) writer.write<trading::Ticker>([](trading::Ticker&) {});
  };
  const uint64_t first = writeSnapshot(writer, 1);
  writeUpTo(slots - 2 * SnapshotPart::kSlots);
  const uint64_t second = writeSnapshot(writer, 2);
  need(writer.position() / slots == 1 && second / slots == 0, "the second one is on two pages");
  writeUpTo(2 * slots);
  const uint64_t third = writeSnapshot(writer, 3);

  Reader reader(path);
  const auto at = [&](uint64_t from, uint64_t to) {
    const auto found = strategy::lastSnapshot(reader, from, to);
    return found ? static_cast<int64_t>(found->at()) : -1;
  };
  need(at(0, UINT64_MAX) == static_cast<int64_t>(third), "the last one");
  need(at(0, third - 1) == static_cast<int64_t>(second), "the last one before a position");
  need(at(first + 1, second - 1) == -1, "none from a position on");

  const std::string page = path + "/0000000000.page";
  const int file = ::open(page.c_str(), O_WRONLY | O_CLOEXEC);
  need(::pwrite(file, "\0\0", 2, format::page::kHeaderSize) == 2, "the first frame is damaged");
  ::close(file);
  need(at(0, UINT64_MAX) == static_cast<int64_t>(third), "pages that are not needed are not read");

  // As retention does, while the process starts.
  need(::unlink(page.c_str()) == 0, "the first page is removed");
  need(at(0, third - 1) == -1, "one whose first parts are gone is passed over");
  need(at(0, UINT64_MAX) == static_cast<int64_t>(third), "the last one is there");
  need(strategy::firstStart(path) == third, "the first start is at the earliest that is complete");
}

}  // namespace

int main(int words, char** word) {
  try {
    if (words > 1) run(word[1]);
    return words > 1 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
