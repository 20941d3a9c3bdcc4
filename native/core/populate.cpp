#include "populate.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace ticktape {
namespace {

void touch(uint8_t* from, uint8_t* to, std::size_t block, bool write) {
  for (uint8_t* at = from; at < to; at += block) {
    // volatile: else the compiler may see that nothing comes of it. The addition of 0 is atomic, so it cannot undo a store
    // another thread makes to the same word.
    auto* word = reinterpret_cast<volatile uint32_t*>(at);
    if (write) {
      __atomic_fetch_add(word, 0, __ATOMIC_RELAXED);
    } else {
      (void)__atomic_load_n(word, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace

void populate(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write) {
  if (offset >= size || length == 0) return;
  if (length > size - offset) length = size - offset;
  const std::size_t block = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  uint8_t* from = base + (offset & ~(block - 1));
  uint8_t* to = base + offset + length;

#if defined(MADV_POPULATE_READ) && defined(MADV_POPULATE_WRITE)
  int result;
  do {
    result = ::madvise(from, static_cast<std::size_t>(to - from), write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
  } while (result != 0 && errno == EINTR);
  if (result == 0 || errno != EINVAL) return;  // EINVAL: a kernel before 5.14
#endif
  touch(from, to, block, write);
}

}  // namespace ticktape
