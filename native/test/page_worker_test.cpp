#include "../core/page_worker.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "check.h"
#include "page_memory.h"

using namespace page_memory;
using State = PageWorker::State;

namespace {

PagePlan planFor(const std::string& directory, bool durable, std::size_t size = kSize) {
  PagePlan plan;
  plan.directory = Directory::open(directory, true).value;
  plan.temporaryName = "next.tmp";
  plan.name = "0.page";
  plan.size = size;
  plan.header = header(7, true);
  plan.durable = durable;
  return plan;
}

bool exists(const std::string& path) { return std::filesystem::exists(path); }

Result<RegionPtr> make(PageWorker& worker, PagePlan plan) {
  Failure failure;
  const PageWorker::Ticket ticket = worker.create(std::move(plan), failure);
  CHECK(!failure);
  Result<RegionPtr> result;
  CHECK(worker.wait(ticket, result) == State::done);
  return result;
}

}  // namespace

TEST(a_page_is_complete_when_its_name_appears) {
  for (const bool onDisk : {false, true}) {
    for (const bool durable : {false, true}) {
      const std::string directory = check::directory(onDisk);
      PageWorker worker;
      const auto made = make(worker, planFor(directory, durable));
      CHECK(made.ok());
      CHECK(made.value->path() == directory + "/0.page");
      CHECK_EQ(made.value->size(), kSize);
      CHECK(made.value->writable());
      CHECK_EQ(loadLong(made.value->data() + page::kFirstPosition), 7u);
      CHECK(exists(directory + "/0.page"));
      CHECK(!exists(directory + "/next.tmp"));
    }
  }
}

TEST(an_existing_page_is_not_replaced) {
  const std::string directory = check::directory();
  PageWorker worker;
  CHECK(make(worker, planFor(directory, false)).ok());
  CHECK_EQ(make(worker, planFor(directory, false)).failure.number, EEXIST);
  CHECK(!exists(directory + "/next.tmp"));
}

TEST(an_existing_temporary_file_is_not_touched) {
  const std::string directory = check::directory();
  CHECK_EQ(::symlink("0.page", (directory + "/next.tmp").c_str()), 0);
  PageWorker worker;
  CHECK_EQ(make(worker, planFor(directory, false)).failure.number, EEXIST);
  CHECK(std::filesystem::is_symlink(directory + "/next.tmp"));
}

TEST(no_space_is_an_error_and_leaves_no_file) {
  const std::string directory = check::directory();
  CHECK_EQ(check::onSmallFileSystem(directory, "256k", [&] {
    PageWorker worker;
    if (make(worker, planFor(directory, true, 1 << 20)).failure.number != ENOSPC) return 1;
    return std::filesystem::is_empty(directory) ? 0 : 2;
  }), 0);
}

TEST(a_page_in_a_removed_directory_is_an_error_and_no_file_is_created_in_a_new_directory_at_its_path) {
  const std::string directory = check::directory() + "/journal";
  std::filesystem::create_directory(directory);
  PageWorker worker;
  PagePlan plan = planFor(directory, true);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  CHECK_EQ(make(worker, plan).failure.number, ENOENT);
  CHECK(std::filesystem::is_empty(directory));
}

TEST(a_page_in_a_directory_that_was_moved_is_created_there) {
  const std::string directory = check::directory() + "/journal";
  std::filesystem::create_directory(directory);
  PageWorker worker;
  PagePlan plan = planFor(directory, true);
  std::filesystem::rename(directory, directory + "-elsewhere");
  std::filesystem::create_directory(directory);
  CHECK(make(worker, plan).ok());
  CHECK(exists(directory + "-elsewhere/0.page"));
  CHECK(std::filesystem::is_empty(directory));
}

namespace {

/** A worker that watches a journal of a control file and a page. */
struct Watched {
  std::string directory = check::directory() + "/journal";
  PageWorker worker;
  RegionPtr control;
  RegionPtr page;

  Watched() {
    std::filesystem::create_directory(directory);
    control = Region::create(directory + "/control", format::control::kSize, 0600).value;
    page = make(worker, planFor(directory, false)).value;
    storeRelaxed(wordAt(page->data(), page::kCursor), 5);
    worker.watch(Directory::open(directory, true).value, control, "0.page", page);
  }
  uint32_t sleepers() const { return loadAcquire(wordAt(control->data(), format::control::kSleepers)); }
  /** The word is set more than once, and the position is that of the last check that found no change. */
  bool isNoticed() {
    if (!check::eventually([&] { return sleepers() == 1; })) return false;
    storeOrdered(wordAt(control->data(), format::control::kSleepers), 0);
    return check::eventually([&] { return sleepers() == 1; }) && worker.journalWatch().replacedAfter() == 12;
  }
};

}  // namespace

TEST(a_journal_that_is_not_replaced_is_not_reported) {
  Watched watched;
  check::sleepMs(700);
  watched.worker.journalWatch().check();
  CHECK_EQ(watched.sleepers(), 0u);
  CHECK_EQ(watched.worker.journalWatch().replacedAfter(), -1);
}

TEST(a_journal_whose_directory_control_or_page_is_replaced_is_reported) {
  Watched removed, moved, replaced, emptied;
  std::filesystem::remove_all(removed.directory);
  std::filesystem::rename(moved.directory, moved.directory + "-elsewhere");
  std::filesystem::rename(replaced.directory + "/control", replaced.directory + "/control.old");
  std::filesystem::copy_file(replaced.directory + "/control.old", replaced.directory + "/control");
  std::filesystem::remove(emptied.directory + "/0.page");
  CHECK(removed.isNoticed());
  CHECK(moved.isNoticed());
  CHECK(replaced.isNoticed());
  CHECK(emptied.isNoticed());
}

TEST(a_writer_that_rolls_during_a_check_is_not_reported_as_replaced) {
  Watched watched;
  const DirectoryPtr directory = Directory::open(watched.directory, true).value;
  JournalWatch& watch = watched.worker.journalWatch();
  std::atomic<bool> ended{false};
  std::thread checking([&] {
    while (!ended) watch.check();
  });
  // Like a retention of one page: each page is removed as soon as the next one is written.
  std::string last = "0.page";
  for (int number = 1; number <= 2000 && watch.replacedAfter() < 0; number++) {
    const std::string name = std::to_string(number) + ".page";
    watched.worker.watch(directory, watched.control, name, newPage(watched.directory + '/' + name));
    std::filesystem::remove(watched.directory + '/' + last);
    last = name;
  }
  ended = true;
  checking.join();
  CHECK_EQ(watch.replacedAfter(), -1);
}

TEST(an_existing_page_is_opened_read_only) {
  const std::string directory = check::directory();
  PageWorker worker;
  CHECK(make(worker, planFor(directory, false)).ok());
  Failure failure;
  Result<RegionPtr> opened;
  CHECK(worker.wait(worker.open(Directory::open(directory, true).value, "0.page", failure), opened) == State::done);
  CHECK(opened.ok());
  CHECK(!opened.value->writable());
  CHECK(worker.wait(worker.open(Directory::open(directory, true).value, "1.page", failure), opened) == State::done);
  CHECK_EQ(opened.failure.number, ENOENT);
}

TEST(a_result_can_be_collected_once) {
  const std::string directory = check::directory();
  PageWorker worker;
  Failure failure;
  const auto ticket = worker.create(planFor(directory, false), failure);
  Result<RegionPtr> result;
  CHECK(check::eventually([&] { return worker.collect(ticket, result) == State::done; }));
  CHECK(worker.collect(ticket, result) == State::unknown);
  CHECK(worker.wait(ticket, result) == State::unknown);
  CHECK(worker.collect(12345, result) == State::unknown);
}

TEST(an_abandoned_page_is_unmapped_and_its_file_stays) {
  const std::string directory = check::directory();
  PageWorker worker;
  Failure failure;
  Result<RegionPtr> result;

  const auto early = worker.create(planFor(directory, false), failure);
  worker.abandon(early);
  CHECK(worker.collect(early, result) == State::unknown);

  const auto late = worker.open(Directory::open(directory, true).value, "0.page", failure);
  check::sleepMs(20);
  worker.abandon(late);
  CHECK(worker.collect(late, result) == State::unknown);
  worker.abandon(late);
  worker.close();
  CHECK(exists(directory + "/0.page"));
}

TEST(dispose_unmaps_on_the_worker_thread) {
  const std::string directory = check::directory();
  PageWorker worker;
  auto made = make(worker, planFor(directory, false));
  std::weak_ptr<Region> region = made.value;
  worker.dispose(std::move(made.value));
  CHECK(check::eventually([&] { return region.expired(); }));
}

TEST(closing_finishes_the_jobs_and_keeps_their_results) {
  const std::string directory = check::directory();
  PageWorker worker;
  Failure failure;
  std::vector<PageWorker::Ticket> tickets;
  for (int i = 0; i < 20; i++) {
    PagePlan plan = planFor(directory, true);
    plan.name = std::to_string(i) + ".page";
    tickets.push_back(worker.create(plan, failure));
  }
  worker.close();
  for (const auto ticket : tickets) {
    Result<RegionPtr> result;
    CHECK(worker.collect(ticket, result) == State::done);
    CHECK(result.ok());
  }
  worker.create(planFor(directory, false), failure);
  CHECK_EQ(failure.number, EPIPE);
}

TEST(stop_finishes_the_current_job_and_leaves_no_incomplete_page) {
  const std::string directory = check::directory();
  for (int turn = 0; turn < 20; turn++) {
    PageWorker worker;
    Failure failure;
    for (int i = 0; i < 5; i++) {
      PagePlan plan = planFor(directory, false);
      plan.name = std::to_string(turn) + "-" + std::to_string(i) + ".page";
      worker.create(plan, failure);
    }
    worker.stop();
    CHECK(!exists(directory + "/next.tmp"));
  }
}
