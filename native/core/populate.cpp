#include "populate.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace ticktape {
namespace {

struct Blocks {
  uint8_t* from;
  uint8_t* to;
  std::size_t size;
};

/** The blocks that hold these bytes; none when the bytes are not in the mapping. */
Blocks blocksOf(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length) {
  const std::size_t block = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (offset >= size || length == 0) return {base, base, block};
  if (length > size - offset) length = size - offset;
  return {base + (offset & ~(block - 1)), base + offset + length, block};
}

// A block of a tmpfs file is mapped writable at once, because the kernel does not track stores into it. x86 sets the dirty bit in hardware,
// without a fault.
#if defined(__x86_64__)
constexpr bool kLoadsMakeWritable = true;
#else
constexpr bool kLoadsMakeWritable = false;
#endif

}  // namespace

void populate(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write, bool inMemory) {
  // The fault of a load also maps the sixteen blocks around it if they are in memory. That is twice as fast as MADV_POPULATE, which
  // goes block by block.
  if (inMemory && (!write || kLoadsMakeWritable)) return populateByTouching(base, size, offset, length, false);
#if defined(MADV_POPULATE_READ) && defined(MADV_POPULATE_WRITE)
  const Blocks blocks = blocksOf(base, size, offset, length);
  if (blocks.from == blocks.to) return;
  int result;
  do {
    const int advice = write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
    result = ::madvise(blocks.from, static_cast<std::size_t>(blocks.to - blocks.from), advice);
  } while (result != 0 && errno == EINTR);
  if (result == 0 || errno != EINVAL) return;  // EINVAL: a kernel before 5.14
#endif
  populateByTouching(base, size, offset, length, write);
}

void populateByTouching(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write) {
  const Blocks blocks = blocksOf(base, size, offset, length);
  for (uint8_t* at = blocks.from; at < blocks.to; at += blocks.size) {
    // volatile, so that the compiler does not remove the access. The addition of 0 is atomic, so it cannot undo a store of another
    // thread to the same word.
    auto* word = reinterpret_cast<volatile uint32_t*>(at);
    if (write) {
      __atomic_fetch_add(word, 0, __ATOMIC_RELAXED);
    } else {
      (void)__atomic_load_n(word, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace ticktape
