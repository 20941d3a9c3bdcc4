#include "../core/frames.h"

#include <random>

#include "../core/crc32c.h"
#include "check.h"
#include "page_memory.h"

using namespace page_memory;
using Reason = frames::Walk::Reason;

namespace {

std::vector<uint8_t> emptyPage() { return std::vector<uint8_t>(kSize, 0); }

}  // namespace

TEST(a_walk_counts_the_frames_up_to_the_end) {
  auto bytes = emptyPage();
  putFrame(bytes.data(), 0, 1, 1, 5);
  putFrame(bytes.data(), 1, 2, 3, 5);
  putFrame(bytes.data(), 4, 65535, 255, 9);
  const auto walk = frames::walk(bytes.data(), 0, 259, 0, false, 0);
  CHECK(walk.reason == Reason::end);
  CHECK_EQ(walk.slot, 259u);
  CHECK_EQ(walk.frames, 3u);
  CHECK_EQ(walk.lastTime, 9);
}

TEST(a_walk_of_nothing_ends_where_it_began) {
  auto bytes = emptyPage();
  const auto walk = frames::walk(bytes.data(), 7, 7, 0, true, 42);
  CHECK(walk.reason == Reason::end);
  CHECK_EQ(walk.slot, 7u);
  CHECK_EQ(walk.lastTime, 42);
}

TEST(a_walk_stops_before_a_bad_frame_and_says_what_is_wrong) {
  const auto reasonOf = [](auto damage, bool checked) {
    auto bytes = emptyPage();
    for (uint32_t slot = 0; slot < 4; slot++) putFrame(bytes.data(), slot, 1, 1, slot);
    CHECK_EQ(frames::stamp(bytes.data(), 0, 4, 100), 4u);
    damage(bytes.data() + page::kHeaderSize + 2 * kSlotSize);
    const auto walk = frames::walk(bytes.data(), 0, 4, 100, checked, 0);
    if (walk.reason != Reason::end) CHECK_EQ(walk.slot, 2u);
    return walk.reason;
  };
  CHECK(reasonOf([](uint8_t*) {}, true) == Reason::end);
  CHECK(reasonOf([](uint8_t* frame) { frame[frame::kSlots] = 0; }, false) == Reason::noSlots);
  CHECK(reasonOf([](uint8_t* frame) { frame[frame::kType] = 0; }, false) == Reason::noType);
  CHECK(reasonOf([](uint8_t* frame) { frame[frame::kSlots] = 3; }, false) == Reason::pastEnd);
  CHECK(reasonOf([](uint8_t* frame) { std::memset(frame + frame::kCrc, 0, 4); }, true) == Reason::crcMissing);
  CHECK(reasonOf([](uint8_t* frame) { frame[63] ^= 1; }, true) == Reason::crcWrong);
  CHECK(reasonOf([](uint8_t* frame) { std::memset(frame + frame::kTime, 0, 8); }, false) == Reason::timeBackwards);
}

TEST(a_time_before_the_minimum_is_reported_as_going_backwards) {
  auto bytes = emptyPage();
  putFrame(bytes.data(), 0, 1, 1, 5);
  CHECK(frames::walk(bytes.data(), 0, 1, 0, false, 5).reason == Reason::end);
  CHECK(frames::walk(bytes.data(), 0, 1, 0, false, 6).reason == Reason::timeBackwards);
}

TEST(any_changed_bit_of_a_frame_changes_its_crc) {
  auto bytes = emptyPage();
  putFrame(bytes.data(), 3, 1, 2, 5);
  frames::stamp(bytes.data(), 3, 5, 1000);
  uint8_t* frame = bytes.data() + page::kHeaderSize + 3 * kSlotSize;
  for (std::size_t bit = 0; bit < 2 * kSlotSize * 8; bit++) {
    frame[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    CHECK(frames::walk(bytes.data(), 3, 5, 1000, true, INT64_MIN).reason != Reason::end);
    frame[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
  }
  CHECK(frames::walk(bytes.data(), 3, 5, 1000, true, INT64_MIN).reason == Reason::end);
}

TEST(a_frame_at_another_position_has_another_crc) {
  auto bytes = emptyPage();
  putFrame(bytes.data(), 0, 1, 1, 5);
  frames::stamp(bytes.data(), 0, 1, 1000);
  CHECK(frames::walk(bytes.data(), 0, 1, 1000, true, 0).reason == Reason::end);
  CHECK(frames::walk(bytes.data(), 0, 1, 1001, true, 0).reason == Reason::crcWrong);
}

TEST(stamping_stops_at_a_malformed_frame) {
  auto bytes = emptyPage();
  for (uint32_t slot = 0; slot < 3; slot++) putFrame(bytes.data(), slot, 1, 1, 0);
  CHECK_EQ(frames::stamp(bytes.data(), 0, 4, 0), 3u);
  putFrame(bytes.data(), 3, 1, 1, 0);
  bytes[page::kHeaderSize + 3 * kSlotSize + frame::kSlots] = 255;
  CHECK_EQ(frames::stamp(bytes.data(), 0, kCapacity, 0), 258u);
  CHECK_EQ(frames::stamp(bytes.data(), 0, 100, 0), 3u);
}

TEST(no_content_makes_a_walk_read_past_its_end) {
  std::mt19937_64 random(3);
  for (int turn = 0; turn < 300; turn++) {
    // Exactly as long as the walk may read: the address sanitizer reports a read of one byte more.
    std::vector<uint8_t> bytes(page::kHeaderSize + 512 * kSlotSize);
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      const uint64_t value = random();
      std::memcpy(&bytes[i], &value, 8);
    }
    // Mostly plausible frames, so that walks get far.
    for (uint32_t slot = 0; slot < 512; slot++) {
      if (random() % 16 != 0) bytes[page::kHeaderSize + slot * kSlotSize + frame::kSlots] = static_cast<uint8_t>(random() % 5);
    }
    const auto to = static_cast<uint32_t>(random() % 513);
    const auto from = static_cast<uint32_t>(random() % (to + 1));
    const auto walk = frames::walk(bytes.data(), from, to, random(), random() % 2, INT64_MIN);
    CHECK(walk.slot >= from && walk.slot <= to);
    CHECK(frames::stamp(bytes.data(), from, to, 0) <= to);
  }
}

TEST(a_page_crc_covers_the_identity_and_the_slots_below_the_cursor_only) {
  auto bytes = emptyPage();
  for (uint32_t slot = 0; slot < 10; slot++) putFrame(bytes.data(), slot, 1, 1, slot);
  const uint32_t crc = frames::pageCrc(bytes.data(), 10);
  bytes[page::kCursor] = 10;
  bytes[page::kHeaderSize + 10 * kSlotSize] = 1;
  CHECK_EQ(frames::pageCrc(bytes.data(), 10), crc);
  bytes[page::kHeaderSize + 10 * kSlotSize - 1] ^= 1;
  CHECK(frames::pageCrc(bytes.data(), 10) != crc);
  bytes[page::kHeaderSize + 10 * kSlotSize - 1] ^= 1;
  bytes[page::kIdentitySize - 1] ^= 1;
  CHECK(frames::pageCrc(bytes.data(), 10) != crc);
}
