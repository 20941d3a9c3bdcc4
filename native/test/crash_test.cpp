#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "../core/crash_point.h"
#include "../core/frames.h"
#include "../core/page_sync.h"
#include "check.h"
#include "page_memory.h"

/** The state after the process is killed at each crash point. Only in builds with TICKTAPE_CRASH_POINTS. */
using namespace page_memory;

namespace {

/** Runs `body` in a child process that must die at `point`. */
void dieAt(const char* point, const std::function<void()>& body) {
#ifndef TICKTAPE_CRASH_POINTS
  check::skip("built without crash points");
#endif
  const int status = check::inChild([&] {
    ::setenv("TICKTAPE_CRASH_POINT", point, 1);
    body();
    return 0;
  });
  if (status != 128 + SIGKILL) check::fail(__FILE__, __LINE__, std::string("died at ") + point);
}

PagePlan planFor(const std::string& directory) {
  PagePlan plan;
  plan.directory = Directory::open(directory, true).value;
  plan.temporaryName = "next.tmp";
  plan.name = "0.page";
  plan.size = kSize;
  plan.header = header(7, true);
  plan.durable = true;
  return plan;
}

}  // namespace

TEST(a_visible_page_is_complete_wherever_its_creator_is_killed) {
  for (const char* point : {"page-allocated", "page-header-copied", "page-synced"}) {
    const std::string directory = check::directory();
    dieAt(point, [&] { makePage(planFor(directory)); });
    CHECK(!std::filesystem::exists(directory + "/0.page"));
    CHECK(std::filesystem::exists(directory + "/next.tmp"));
  }
  for (const char* point : {"page-renamed", "page-directory-synced"}) {
    const std::string directory = check::directory();
    dieAt(point, [&] { makePage(planFor(directory)); });
    CHECK(!std::filesystem::exists(directory + "/next.tmp"));
    const auto page = Region::open(directory + "/0.page", false);
    CHECK_EQ(page.value->size(), kSize);
    CHECK_EQ(loadLong(page.value->data() + page::kFirstPosition), 7u);
  }
}

TEST(the_durable_cursor_moves_only_after_the_frames_are_stamped_and_synced) {
  struct Case {
    const char* point;
    uint32_t durable;
  };
  for (const Case& c : {Case{"stamped", 0}, Case{"data-synced", 0}, Case{"durable-stored", 10}}) {
    const RegionPtr page = newPage(check::directory() + "/page");
    publish(*page, 10);
    dieAt(c.point, [&] { PageSync(page, nullptr).step(); });
    CHECK_EQ(word(*page, page::kDurable), c.durable);
    CHECK(frames::walk(page->data(), 0, 10, 0, true, 0).reason == frames::Walk::Reason::end);
  }
}

TEST(a_page_crc_is_complete_or_absent) {
  for (const char* point : {"durable-stored", "page-crc-stored", "header-synced"}) {
    const RegionPtr page = newPage(check::directory() + "/page");
    publish(*page, 10);
    storeRelease(wordAt(page->data(), page::kSealed), 1);
    dieAt(point, [&] { PageSync(page, nullptr).step(); });
    if (word(*page, page::kPageCrcSet) == 1) CHECK_EQ(word(*page, page::kPageCrc), frames::pageCrc(page->data(), 10));
    // The next sync finishes what is left.
    CHECK(PageSync(page, nullptr).step().finished);
    CHECK_EQ(word(*page, page::kPageCrcSet), 1u);
  }
}

TEST(a_crash_point_can_be_set_for_the_nth_time_it_is_reached) {
  const RegionPtr page = newPage(check::directory() + "/page");
  dieAt("durable-stored:3", [&] {
    PageSync sync(page, nullptr);
    for (uint32_t cursor = 1; cursor <= 5; cursor++) {
      publish(*page, cursor);
      sync.step();
    }
  });
  CHECK_EQ(word(*page, page::kDurable), 3u);
}
