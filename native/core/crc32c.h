#pragma once

#include <cstddef>
#include <cstdint>

namespace ticktape {

/** CRC32C (Castagnoli, as in RFC 3720). `seed` is the CRC of the bytes before, 0 at the start. */
uint32_t crc32c(const void* bytes, std::size_t length, uint32_t seed = 0);
/** The same by tables, on any processor. */
uint32_t crc32cPortable(const void* bytes, std::size_t length, uint32_t seed = 0);
/** Whether the processor has an instruction for it. */
bool crc32cInHardware();

}  // namespace ticktape
