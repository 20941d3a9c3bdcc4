#include "../core/crc32c.h"

#include <random>
#include <vector>

#include "check.h"

using namespace ticktape;

TEST(gives_the_values_of_rfc_3720) {
  std::vector<uint8_t> bytes(32, 0);
  CHECK_EQ(crc32c(bytes.data(), 32), 0x8A9136AAu);
  bytes.assign(32, 0xff);
  CHECK_EQ(crc32c(bytes.data(), 32), 0x62A8AB43u);
  for (std::size_t i = 0; i < 32; i++) bytes[i] = static_cast<uint8_t>(i);
  CHECK_EQ(crc32c(bytes.data(), 32), 0x46DD794Eu);
  for (std::size_t i = 0; i < 32; i++) bytes[i] = static_cast<uint8_t>(31 - i);
  CHECK_EQ(crc32c(bytes.data(), 32), 0x113FDB5Cu);
}

TEST(the_crc_of_no_bytes_is_the_seed) {
  CHECK_EQ(crc32c(nullptr, 0), 0u);
  CHECK_EQ(crc32c(nullptr, 0, 12345), 12345u);
}

TEST(the_hardware_and_table_versions_agree_for_any_bytes_length_and_alignment) {
  std::mt19937_64 random(1);
  std::vector<uint8_t> bytes(1100);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (int turn = 0; turn < 20000; turn++) {
    const std::size_t offset = random() % 64, length = random() % 1024;
    const auto seed = static_cast<uint32_t>(random());
    CHECK_EQ(crc32c(&bytes[offset], length, seed), crc32cPortable(&bytes[offset], length, seed));
  }
}

TEST(a_crc_in_two_parts_equals_the_crc_in_one) {
  std::mt19937_64 random(2);
  std::vector<uint8_t> bytes(300);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  const uint32_t whole = crc32c(bytes.data(), bytes.size());
  for (std::size_t cut = 0; cut <= bytes.size(); cut++) {
    CHECK_EQ(crc32c(&bytes[0] + cut, bytes.size() - cut, crc32c(bytes.data(), cut)), whole);
  }
}
