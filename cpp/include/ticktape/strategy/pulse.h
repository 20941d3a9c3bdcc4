#pragma once

#include "../detail/page.h"
#include "ages.h"

namespace ticktape::strategy {

/** The signs of life of a strategy's process: its cell in the desk's table (docs/strategy-protocol.md). */
class Pulse {
 public:
  Pulse(const std::string& path, uint64_t cell) {
    const detail::Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!file || ::fstat(file.number(), &status) != 0) detail::throwSystem("opening", path);
    const std::size_t at = kHeader + static_cast<std::size_t>(cell) * kCell;
    if (static_cast<uint64_t>(status.st_size) < at + kCell) throw InvalidOptionError(path + " has no cell " + std::to_string(cell), path);
    mapping_ = detail::Mapping(file.number(), static_cast<std::size_t>(status.st_size), true, path);
    cell_ = mapping_.data() + at;
  }

  /** A frame was handled, or it lives at least: the next one is at `position`. */
  void beat(uint64_t position) {
    put(136, static_cast<double>(position));
    storeRelease(wordAt(cell_, 128), ++beats_);
  }

  void tell(uint64_t position, uint64_t handled, uint64_t sent, uint64_t lag, const Ages& ages) {
    put(144, static_cast<double>(handled));
    put(152, static_cast<double>(sent));
    put(160, static_cast<double>(lag));
    put(168, ages.quantile(500));
    put(176, ages.quantile(990));
    put(184, ages.quantile(999));
    put(192, detail::now());
    beat(position);
  }

 private:
  static constexpr std::size_t kHeader = 4096, kCell = 256;

  /** Each in one store: the gateway reads at any time. */
  template <class T>
  void put(std::size_t offset, T value) {
    uint64_t bits;
    static_assert(sizeof bits == sizeof value);
    std::memcpy(&bits, &value, sizeof bits);
    __atomic_store_n(reinterpret_cast<uint64_t*>(cell_ + offset), bits, __ATOMIC_RELAXED);
  }

  detail::Mapping mapping_;
  uint8_t* cell_ = nullptr;
  uint32_t beats_ = 0;
};

}  // namespace ticktape::strategy
