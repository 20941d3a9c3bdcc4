#include "page_worker.h"

namespace ticktape {

PageWorker::Ticket PageWorker::create(PagePlan plan, Failure& failure) {
  return enqueue(Job{Job::Kind::create, 0, std::move(plan), nullptr}, failure);
}

PageWorker::Ticket PageWorker::open(DirectoryPtr directory, std::string name, Failure& failure) {
  PagePlan plan;
  plan.directory = std::move(directory);
  plan.name = std::move(name);
  return enqueue(Job{Job::Kind::open, 0, std::move(plan), nullptr}, failure);
}

void PageWorker::dispose(RegionPtr region) {
  // When the job cannot be queued, the region is unmapped here: slower for the caller, but correct.
  Failure ignored;
  enqueue(Job{Job::Kind::dispose, 0, {}, std::move(region)}, ignored);
}

PageWorker::Ticket PageWorker::enqueue(Job job, Failure& failure) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_) {
    failure = failed(EPIPE, "pthread_create");
    return 0;
  }
  if (const int number = startThread()) {
    failure = failed(number, "pthread_create");
    return 0;
  }
  if (job.kind != Job::Kind::dispose) {
    do {
      lastTicket_++;
    } while (lastTicket_ == 0 || slots_.count(lastTicket_) != 0);
    job.ticket = lastTicket_;
    slots_.emplace(job.ticket, Slot{});
  }
  const Ticket ticket = job.ticket;
  jobs_.push_back(std::move(job));
  work_.notify_one();
  return ticket;
}

void PageWorker::watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page) {
  journalWatch_.watch(std::move(directory), std::move(control), pageName, std::move(page));
  std::lock_guard<std::mutex> lock(mutex_);
  // Without a thread the writer still checks by itself, each time it continues on another page.
  if (!closing_ && startThread() == 0) work_.notify_one();
}

int PageWorker::startThread() {
  // Started at the first job, because most readers of small journals never need the thread.
  return thread_.started() ? 0 : thread_.start("ticktape-pages", [this] { run(); });
}

void PageWorker::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    const auto called = [this] { return closing_ || !jobs_.empty(); };
    if (journalWatch_.watching()) {
      work_.wait_until(lock, journalWatch_.nextCheck(), called);
      if (std::chrono::steady_clock::now() >= journalWatch_.nextCheck()) {
        lock.unlock();
        journalWatch_.check();
        lock.lock();
      }
      if (!called()) continue;
    } else {
      work_.wait(lock, [&] { return called() || journalWatch_.watching(); });
      if (!called()) continue;
    }
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();

    lock.unlock();
    Result<RegionPtr> result;
    if (job.kind == Job::Kind::create) {
      result = makePage(job.plan);
    } else if (job.kind == Job::Kind::open) {
      result = Region::open(*job.plan.directory, job.plan.name, false);
      if (result.ok()) result.value->populate(0, result.value->size(), false);
    }
    job.region.reset();  // unmapping is slow: never while holding the lock
    lock.lock();

    auto found = slots_.find(job.ticket);
    if (found == slots_.end()) continue;
    if (found->second.abandoned) {
      slots_.erase(found);
      lock.unlock();
      result = {};
      lock.lock();
    } else {
      found->second.result = std::move(result);
      found->second.done = true;
      finished_.notify_all();
    }
  }
}

PageWorker::State PageWorker::collect(Ticket ticket, Result<RegionPtr>& result) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto found = slots_.find(ticket);
  if (found == slots_.end() || found->second.abandoned) return State::unknown;
  if (!found->second.done) return State::pending;
  result = std::move(found->second.result);
  slots_.erase(found);
  return State::done;
}

PageWorker::State PageWorker::wait(Ticket ticket, Result<RegionPtr>& result) {
  std::unique_lock<std::mutex> lock(mutex_);
  auto found = slots_.find(ticket);
  if (found == slots_.end() || found->second.abandoned) return State::unknown;
  Slot& slot = found->second;  // a reference stays valid when others are added; an iterator does not
  if (!slot.done) {
    thread_.invite();
    finished_.wait(lock, [&] { return slot.done; });
    thread_.sendAway();
  }
  result = std::move(slot.result);
  slots_.erase(ticket);
  return State::done;
}

void PageWorker::abandon(Ticket ticket) {
  Result<RegionPtr> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = slots_.find(ticket);
    if (found == slots_.end()) return;
    if (!found->second.done) {
      found->second.abandoned = true;
      return;
    }
    dropped = std::move(found->second.result);
    slots_.erase(found);
  }
  dispose(std::move(dropped.value));
}

void PageWorker::close() { end(true); }
void PageWorker::stop() { end(false); }

void PageWorker::end(bool drain) {
  std::deque<Job> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    if (!drain) {
      dropped.swap(jobs_);
      for (const Job& job : dropped) slots_.erase(job.ticket);
    }
    work_.notify_one();
  }
  thread_.join();
  journalWatch_.end();
}

}  // namespace ticktape
