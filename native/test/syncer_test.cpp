#include "../core/syncer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include "../core/frames.h"
#include "../core/futex.h"
#include "check.h"
#include "page_memory.h"

using namespace page_memory;

namespace {

struct Fixture {
  std::atomic<int> synced{0};
  std::string directory = check::directory(true);
  bool checked;
  Syncer syncer;

  explicit Fixture(uint32_t intervalMs = 0, bool checked = true)
      : checked(checked), syncer({intervalMs, [this] { synced++; }}) {}

  RegionPtr page(uint64_t number) {
    return newPage(directory + "/" + std::to_string(number) + ".page", number * kCapacity, checked);
  }
  bool durableAt(uint64_t position) {
    return check::eventually([&] { return syncer.durablePosition() == position; });
  }
};

}  // namespace

TEST(a_request_stamps_published_frames_and_makes_them_durable) {
  Fixture f;
  const RegionPtr page = f.page(0);
  CHECK(!f.syncer.add(page, nullptr));
  publish(*page, 100);
  CHECK_EQ(f.syncer.durablePosition(), 0u);
  f.syncer.request();
  CHECK(f.durableAt(100));
  CHECK_EQ(word(*page, page::kDurable), 100u);
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK(frames::walk(page->data(), 0, 100, 0, true, 0).reason == frames::Walk::Reason::end);
}

TEST(unchecked_frames_get_no_crc) {
  Fixture f(0, false);
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 10);
  f.syncer.request();
  CHECK(f.durableAt(10));
  CHECK(frames::walk(page->data(), 0, 10, 0, true, 0).reason == frames::Walk::Reason::crcMissing);
}

TEST(an_interval_syncs_without_a_request) {
  Fixture f(5);
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 10);
  CHECK(f.durableAt(10));
  publish(*page, 20);
  CHECK(f.durableAt(20));
  CHECK_EQ(f.synced.load(), 0);
}

TEST(simultaneous_requests_share_a_sync) {
  Fixture f;
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 10);
  for (int i = 0; i < 1000; i++) f.syncer.request();
  CHECK(f.durableAt(10));
  f.syncer.close();
  CHECK(f.synced >= 1 && f.synced < 1000);
}

TEST(frames_published_before_a_request_are_durable_when_it_completes) {
  Fixture f;
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  for (uint32_t cursor = 1; cursor <= 200; cursor++) {
    publish(*page, cursor);
    const int before = f.synced;
    f.syncer.request();
    CHECK(check::eventually([&] { return f.synced > before; }));
    CHECK_EQ(f.syncer.durablePosition(), cursor);
  }
}

TEST(a_sealed_page_is_finished_before_the_next_begins) {
  Fixture f;
  const RegionPtr first = f.page(0), second = f.page(1);
  f.syncer.add(first, nullptr);
  f.syncer.add(second, nullptr);
  publish(*first, 50);
  publish(*second, 3);
  f.syncer.request();
  CHECK(f.durableAt(50));
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK_EQ(word(*second, page::kDurable), 0u);  // the first page is not sealed, so the second must wait
  CHECK_EQ(word(*first, page::kPageCrcSet), 0u);

  storeRelease(wordAt(first->data(), page::kSealed), 1);
  f.syncer.request();
  CHECK(f.durableAt(kCapacity + 3));
  CHECK_EQ(word(*first, page::kPageCrcSet), 1u);
  CHECK_EQ(word(*first, page::kPageCrc), frames::pageCrc(first->data(), 50));
}

TEST(a_finished_page_is_unmapped) {
  Fixture f;
  RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 1);
  storeRelease(wordAt(page->data(), page::kSealed), 1);
  f.syncer.request();
  std::weak_ptr<Region> region = page;
  page.reset();
  CHECK(check::eventually([&] { return region.expired(); }));
  CHECK(f.durableAt(1));
}

TEST(sync_begins_at_the_durable_cursor_of_an_earlier_writer) {
  Fixture f;
  const RegionPtr page = f.page(3);
  publish(*page, 10);
  storeRelease(wordAt(page->data(), page::kDurable), 10);
  f.syncer.add(page, nullptr);
  CHECK_EQ(f.syncer.durablePosition(), 3 * kCapacity + 10);
}

TEST(sleepers_are_woken_when_the_durable_cursor_moves) {
  Fixture f;
  const RegionPtr page = f.page(0);
  const RegionPtr control = Region::create(f.directory + "/control", control::kSize, 0600).value;
  f.syncer.add(page, control);
  publish(*page, 1);
  f.syncer.request();
  CHECK(f.durableAt(1));
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK_EQ(word(*control, control::kSignal), 0u);  // there was no sleeper, so no signal

  storeRelease(wordAt(control->data(), control::kSleepers), 1);
  std::thread sleeper([&] { futex::wait(wordAt(control->data(), control::kSignal), 0, futex::kForever); });
  publish(*page, 2);
  f.syncer.request();
  sleeper.join();
  CHECK_EQ(word(*control, control::kSignal), 1u);
  CHECK_EQ(word(*control, control::kSleepers), 0u);
}

TEST(a_malformed_frame_stops_syncing_permanently) {
  Fixture f;
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 10);
  storeRelease(wordAt(page->data(), page::kCursor), 11);
  f.syncer.request();
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK_EQ(f.syncer.error(), EBADMSG);
  CHECK_EQ(f.syncer.durablePosition(), 0u);
  storeRelease(wordAt(page->data(), page::kCursor), 10);
  f.syncer.request();
  CHECK(check::eventually([&] { return f.synced == 2; }));  // a request still completes, so that the caller sees the error
  CHECK_EQ(f.syncer.durablePosition(), 0u);
}

TEST(a_cursor_past_the_page_or_behind_what_is_durable_is_an_error) {
  for (const uint32_t cursor : {kCapacity + 1, 0xffffffffu, 9u}) {
    Fixture f;
    const RegionPtr page = f.page(0);
    publish(*page, 10);
    storeRelease(wordAt(page->data(), page::kDurable), 10);
    f.syncer.add(page, nullptr);
    storeRelease(wordAt(page->data(), page::kCursor), cursor);
    f.syncer.request();
    CHECK(check::eventually([&] { return f.syncer.error() == EBADMSG; }));
    CHECK_EQ(f.syncer.durablePosition(), 10u);
  }
}

TEST(a_failed_sync_does_not_move_the_durable_cursor) {
  Fixture f(0, false);
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 200);
  // A hole in the mapping makes msync fail.
  CHECK_EQ(::munmap(page->data() + 2 * 4096, 4096), 0);
  f.syncer.request();
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK_EQ(f.syncer.error(), ENOMEM);
  CHECK_EQ(word(*page, page::kDurable), 0u);
  f.syncer.close();
}

TEST(a_truncated_page_is_never_reported_as_durable) {
  Fixture f;
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 200);
  CHECK_EQ(::truncate(page->path().c_str(), 8192), 0);
  publish(*page, 210);  // the file has no blocks for these: the fault is caught, and they read as zeros
  CHECK(page->damaged());
  f.syncer.request();
  CHECK(check::eventually([&] { return f.synced == 1; }));
  CHECK(f.syncer.error() != 0);
  CHECK_EQ(f.syncer.durablePosition(), 0u);
}

TEST(close_syncs_a_last_time) {
  Fixture f;
  const RegionPtr page = f.page(0);
  f.syncer.add(page, nullptr);
  publish(*page, 10);
  f.syncer.close();
  f.syncer.close();
  CHECK_EQ(f.syncer.durablePosition(), 10u);
  CHECK_EQ(f.syncer.add(page, nullptr).number, EPIPE);
}

TEST(a_writer_that_rolls_pages_meanwhile_loses_no_frame) {
  Fixture f(1);
  constexpr uint64_t kPages = 20;
  std::vector<RegionPtr> pages;
  for (uint64_t number = 0; number < kPages; number++) pages.push_back(f.page(number));
  for (uint64_t number = 0; number < kPages; number++) {
    f.syncer.add(pages[number], nullptr);
    if (number > 0) storeRelease(wordAt(pages[number - 1]->data(), page::kSealed), 1);
    for (uint32_t cursor = 0; cursor < kCapacity;) publish(*pages[number], cursor = std::min(cursor + 37, kCapacity));
  }
  CHECK(f.durableAt(kPages * kCapacity));
  for (uint64_t number = 0; number + 1 < kPages; number++) {
    const Region& page = *pages[number];
    CHECK_EQ(word(page, page::kPageCrcSet), 1u);
    CHECK_EQ(word(page, page::kPageCrc), frames::pageCrc(page.data(), kCapacity));
    CHECK(frames::walk(page.data(), 0, kCapacity, number * kCapacity, true, 0).reason == frames::Walk::Reason::end);
  }
}
