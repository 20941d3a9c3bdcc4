#include "journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <linux/membarrier.h>
#endif

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace baseline {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "baseline: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(2);
}

void check(bool good, const std::string& what) {
  if (!good) fail(what);
}

uint32_t crc32c(const uint8_t* bytes, std::size_t length) {
  uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78 & (0 - (crc & 1)));
  }
  return ~crc;
}

template <typename T>
void put(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

std::string pagePath(const std::string& directory, uint32_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "/%010u.page", number);
  return directory + name;
}

void writeFile(const std::string& path, const char* text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(file >= 0, path);
  const auto length = static_cast<ssize_t>(std::strlen(text));
  check(::write(file, text, static_cast<std::size_t>(length)) == length, path);
  ::close(file);
}

/** Creates a file of `size` allocated bytes under a temporary name, and populates its mapping. */
Mapped createFile(const std::string& path, std::size_t size, bool written = false) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  check(file >= 0, path);
  if (written) {
    static const char zeros[65536] = {};
    for (std::size_t at = 0; at < size; at += sizeof zeros) {
      const auto length = std::min(sizeof zeros, size - at);
      check(::pwrite(file, zeros, length, static_cast<off_t>(at)) == static_cast<ssize_t>(length), path);
    }
  } else {
    errno = ::posix_fallocate(file, 0, static_cast<off_t>(size));
    check(errno == 0, path);
  }
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  check(data != MAP_FAILED, path);
  ::close(file);
  if (written) {
    for (std::size_t at = 0; at < size; at += 4096) (void)static_cast<volatile uint8_t*>(data)[at];
    return Mapped(static_cast<uint8_t*>(data), size);
  }
#if defined(MADV_POPULATE_WRITE)
  if (::madvise(data, size, MADV_POPULATE_WRITE) == 0) return Mapped(static_cast<uint8_t*>(data), size);
#endif
  for (std::size_t at = 0; at < size; at += 4096) static_cast<volatile uint8_t*>(data)[at] = 0;
  return Mapped(static_cast<uint8_t*>(data), size);
}

void nameIt(const std::string& path) { check(::rename((path + ".tmp").c_str(), path.c_str()) == 0, path); }

/** 16 bytes: this boot of the machine. */
void putBootId(uint8_t* at) {
  FILE* file = std::fopen("/proc/sys/kernel/random/boot_id", "r");
  check(file != nullptr, "boot_id");
  int digits = 0;
  for (int c; digits < 32 && (c = std::fgetc(file)) != EOF;) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    at[digits / 2] = static_cast<uint8_t>(at[digits / 2] << 4 | digit);
    digits++;
  }
  std::fclose(file);
}

/** The definitions of Small and Large, as bench/support/frames.ts defines them. */
constexpr char kPlainJson[] =
    R"({"format":1,"frames":[{"name":"Small","id":1,"slots":1,"fields":[)"
    R"({"name":"seq","kind":"f64","size":8,"offset":16},{"name":"bid","kind":"f64","size":8,"offset":24},)"
    R"({"name":"ask","kind":"f64","size":8,"offset":32},{"name":"volume","kind":"f64","size":8,"offset":40}]},)"
    R"({"name":"Large","id":2,"slots":2,"fields":[)"
    R"({"name":"seq","kind":"f64","size":8,"offset":32},{"name":"price","kind":"f64","size":8,"offset":40},)"
    R"({"name":"quantity","kind":"f64","size":8,"offset":48},{"name":"filled","kind":"f64","size":8,"offset":56},)"
    R"({"name":"average","kind":"f64","size":8,"offset":64},{"name":"bid","kind":"f64","size":8,"offset":72},)"
    R"({"name":"ask","kind":"f64","size":8,"offset":80},{"name":"volume","kind":"f64","size":8,"offset":88}]}]})"
    "\n";

constexpr char kLabelJson[] =
    R"({"format":2,"frames":[{"name":"Label","id":3,"slots":1,"fields":[)"
    R"({"name":"seq","kind":"f64","size":8,"offset":16},{"name":"instrument","kind":"instrument","size":4,"offset":24},)"
    R"({"name":"note","kind":"text","size":36,"offset":28}]}]})"
    "\n";
constexpr char kLabelInstruments[] =
    R"({"format":1,"instruments":[{"number":1,"venue":"binance","symbol":"币安人生USDT","priceTick":"0.0001"},)"
    R"({"number":2,"venue":"okx","symbol":"BTC-USD-261225-120000-C"},)"
    R"({"number":3,"venue":"bybit","symbol":"1000000BABYDOGEUSDT"},)"
    R"({"number":4000000000,"venue":"okx","symbol":"\ud83d\ude80-USDT"}]})"
    "\n";

Mapped createPage(const std::string& directory, uint32_t number, std::size_t size, bool written, const Schema& schema) {
  namespace page = format::page;
  const std::string path = pagePath(directory, number);
  Mapped mapped = createFile(path + ".tmp", size, written);
  uint8_t* data = mapped.data();
  std::memcpy(data + page::kMagic, format::kPageMagic, 8);
  put<uint32_t>(data + page::kVersion, format::kFormatVersion);
  put<uint32_t>(data + page::kPageSize, static_cast<uint32_t>(size));
  put<uint32_t>(data + page::kPageNumber, number);
  put<uint64_t>(data + page::kFirstPosition, uint64_t{number} * mapped.capacity());
  put<int64_t>(data + page::kCreated, now());
  putBootId(data + page::kBootId);
  put<uint64_t>(data + page::kEpoch, 1);
  std::memcpy(data + page::kLayoutHash, schema.hash.data(), schema.hash.size());
  put<uint32_t>(data + page::kIdentityCrc, crc32c(data, page::kIdentityCrc));
  nameIt(path);
  return mapped;
}

Mapped createControl(const std::string& directory) {
  namespace control = format::control;
  const std::string path = directory + "/control";
  Mapped mapped = createFile(path + ".tmp", control::kSize);
  uint8_t* data = mapped.data();
  std::memcpy(data + control::kMagic, format::kControlMagic, 8);
  put<uint32_t>(data + control::kVersion, format::kControlVersion);
  put<uint32_t>(data + control::kSlotCount, format::kReaderSlots);
  put<uint32_t>(data + control::kSlotSize, format::reader_slot::kSize);
  put<uint32_t>(data + control::kIdentityCrc, crc32c(data, control::kIdentityCrc));
  nameIt(path);
  return mapped;
}

/** From here on the barriers of sleepers in other processes reach this process: docs/format.md. */
bool registerForBarriers() {
#if defined(__linux__)
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

Mapped openPage(const std::string& directory, uint32_t number) {
  const std::string path = pagePath(directory, number);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  check(file >= 0, path);
  struct stat status;
  check(::fstat(file, &status) == 0, path);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  check(data != MAP_FAILED, path);
  ::close(file);
  Mapped mapped(static_cast<uint8_t*>(data), size);
  uint32_t storedSize, storedCrc;
  std::memcpy(&storedSize, mapped.data() + format::page::kPageSize, 4);
  std::memcpy(&storedCrc, mapped.data() + format::page::kIdentityCrc, 4);
  errno = EBADMSG;
  check(std::memcmp(mapped.data(), format::kPageMagic, 8) == 0 && storedSize == size &&
            storedCrc == crc32c(mapped.data(), format::page::kIdentityCrc),
        path);
  return mapped;
}

}  // namespace

Mapped::Mapped(Mapped&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
Mapped& Mapped::operator=(Mapped&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Mapped::~Mapped() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

const Schema kPlainSchema = {kPlainJson, {0xc5, 0x77, 0xac, 0x0e, 0xa1, 0x1c, 0xda, 0x29}, nullptr};
const Schema kLabelSchema = {kLabelJson, {0x72, 0xda, 0xd1, 0x91, 0x4f, 0xd2, 0xec, 0xa8}, kLabelInstruments};

int64_t now() {
  timespec time;
  ::clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

Writer::Writer(std::string directory, std::size_t pageSize, Announce announce, bool timestamps, bool written, const Schema& schema)
    : directory_(std::move(directory)), pageSize_(pageSize), announce_(announce), timestamps_(timestamps), written_(written), schema_(schema), time_(now()) {
  if (announce_ == Announce::barrier) check(registerForBarriers(), "membarrier");
  check(::mkdir(directory_.c_str(), 0700) == 0, directory_);
  lock_ = ::open((directory_ + "/writer.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  check(lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0, directory_ + "/writer.lock");
  writeFile(directory_ + "/schema.json", schema_.json);
  if (schema_.instruments != nullptr) {
    writeFile(directory_ + "/instruments.json.tmp", schema_.instruments);
    nameIt(directory_ + "/instruments.json");
  }
  control_ = createControl(directory_);
  page_ = createPage(directory_, 0, pageSize_, written_, schema_);
  stride_ = format::page::kMinMarkStride;
  while ((page_.capacity() + stride_ - 1) / stride_ > format::page::kMarkCount) stride_ *= 2;
  nextMark_ = stride_;
  limit_ = std::min(page_.capacity(), nextMark_);
  wanted_ = 1;
  supplier_ = std::thread([this] { supply(); });
}

Writer::~Writer() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  supplier_.join();
  // No reader can be on the prepared page, because this page is not sealed.
  if (ready_) ::unlink(pagePath(directory_, number_ + 1).c_str());
  ::close(lock_);
}

void Writer::supply() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || wanted_; });
    if (!wanted_) return;
    const uint32_t number = *wanted_;
    std::optional<Mapped> retired = std::exchange(retired_, std::nullopt);
    lock.unlock();
    retired.reset();  // unmapping is slow
    Mapped made = createPage(directory_, number, pageSize_, written_, schema_);
    lock.lock();
    wanted_.reset();
    ready_.emplace(std::move(made));
    changed_.notify_all();
  }
}

void Writer::waitForNext() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return ready_.has_value(); });
}

void Writer::makeRoom(uint32_t slots) {
  if (next_ + slots > page_.capacity()) roll();
  if (next_ >= nextMark_) {
    put<uint32_t>(page_.data() + format::page::kMarks + std::size_t{4} * (next_ / stride_), next_);
    nextMark_ = (next_ / stride_ + 1) * stride_;
  }
  limit_ = std::max(next_ + slots, std::min(page_.capacity(), nextMark_));
}

void Writer::roll() {
  publish();
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return ready_.has_value(); });
  page_.word(format::page::kSealed).store(1, std::memory_order_seq_cst);
  number_++;
  control_.word(format::control::kCurrentPage).store(number_, std::memory_order_seq_cst);
  if (control_.word(format::control::kSleepers).load(std::memory_order_seq_cst) != 0) wake();
  retired_ = std::exchange(page_, std::move(*ready_));
  ready_.reset();
  wanted_ = number_ + 1;
  lock.unlock();
  changed_.notify_all();
  next_ = 0;
  nextMark_ = stride_;
}

void Writer::wake() {
  control_.word(format::control::kSleepers).store(0, std::memory_order_seq_cst);
  control_.word(format::control::kSignal).fetch_add(1, std::memory_order_seq_cst);
#if defined(__linux__)
  ::syscall(SYS_futex, control_.data() + format::control::kSignal, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
#endif
}

Reader::Reader(std::string directory) : directory_(std::move(directory)), page_(openPage(directory_, 0)) {}

uint32_t Reader::turn() {
  // Loaded again after the seal: the cursor of a sealed page does not move any more.
  const uint32_t end = page_.word(format::page::kCursor).load(std::memory_order_acquire);
  if (end != slot_) return end;
  page_ = openPage(directory_, ++number_);
  slot_ = 0;
  return page_.word(format::page::kCursor).load(std::memory_order_acquire);
}

void Reader::damaged() const {
  std::fprintf(stderr, "baseline: page %u of %s is damaged at slot %u\n", number_, directory_.c_str(), slot_);
  std::exit(2);
}

}  // namespace baseline
