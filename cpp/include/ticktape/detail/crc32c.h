#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

namespace ticktape {
namespace crc {

using Crc = uint32_t (*)(const uint8_t* at, std::size_t length, uint32_t crc);

inline uint64_t word(const uint8_t* at) {
  uint64_t value;
  std::memcpy(&value, at, 8);
  return value;
}

// Tables for eight bytes at a step ("slicing by 8", Kounavis and Berry 2005). tables[k][b] is the effect of byte b followed by
// k zero bytes.
inline constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables makeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; k++) {
    for (std::size_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

inline constexpr Tables kTables = makeTables();

inline uint32_t byTables(const uint8_t* at, std::size_t length, uint32_t crc) {
  for (; length >= 8; at += 8, length -= 8) {
    const uint64_t mixed = word(at) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; i++) crc ^= kTables[7 - i][(mixed >> (8 * i)) & 0xff];
  }
  for (; length > 0; at++, length--) crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)

// The instructions came with SSE 4.2. Clang has had a feature of their own for them since version 14; older compilers do not know that name.
#if defined(__clang__) && __clang_major__ >= 14
__attribute__((target("sse4.2,crc32")))
#else
__attribute__((target("sse4.2")))
#endif
inline uint32_t byProcessor(const uint8_t* at, std::size_t length, uint32_t crc) {
  uint64_t wide = crc;
  for (; length >= 8; at += 8, length -= 8) wide = _mm_crc32_u64(wide, word(at));
  crc = static_cast<uint32_t>(wide);
  for (; length > 0; at++, length--) crc = _mm_crc32_u8(crc, *at);
  return crc;
}

// Asks the processor directly, because __builtin_cpu_supports needs a variable of the compiler's library, which not every toolchain can
// link into a shared library.
inline bool processorHasIt() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_SSE4_2) != 0;
}

#elif defined(__aarch64__)

#if defined(__clang__)
__attribute__((target("crc")))
#else
__attribute__((target("+crc")))
#endif
inline uint32_t byProcessor(const uint8_t* at, std::size_t length, uint32_t crc) {
  for (; length >= 8; at += 8, length -= 8) crc = __crc32cd(crc, word(at));
  for (; length > 0; at++, length--) crc = __crc32cb(crc, *at);
  return crc;
}

inline bool processorHasIt() {
#if defined(__APPLE__)
  return true;
#else
  return (getauxval(AT_HWCAP) & (1u << 7)) != 0;  // HWCAP_CRC32
#endif
}

#else

inline constexpr Crc byProcessor = byTables;
inline bool processorHasIt() { return false; }

#endif

inline const bool inHardware = processorHasIt();

}  // namespace crc

/** CRC32C (Castagnoli, as in RFC 3720). `seed` is the CRC of the bytes before, 0 at the start. */
inline uint32_t crc32c(const void* bytes, std::size_t length, uint32_t seed = 0) {
  const auto* at = static_cast<const uint8_t*>(bytes);
  return ~(crc::inHardware ? crc::byProcessor(at, length, ~seed) : crc::byTables(at, length, ~seed));
}

/** The same by tables, on any processor. */
inline uint32_t crc32cPortable(const void* bytes, std::size_t length, uint32_t seed = 0) {
  return ~crc::byTables(static_cast<const uint8_t*>(bytes), length, ~seed);
}

/** Whether the processor has an instruction for it. */
inline bool crc32cInHardware() { return crc::inHardware; }

}  // namespace ticktape
