#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "page_file.h"
#include "place_guard.h"
#include "thread.h"

namespace ticktape {

/**
 * A thread that does what costs milliseconds with pages (allocating, populating, syncing, unmapping) ahead of need. Jobs run in
 * the order they were asked for; a ticket names one until its result is taken.
 */
class PageWorker {
 public:
  using Ticket = uint32_t;
  enum class State { unknown, pending, done };

  ~PageWorker() { stop(); }

  /** Each fails (EPIPE after close, or what pthread_create says) by `failure`. */
  Ticket create(PagePlan plan, Failure& failure);
  Ticket open(DirectoryPtr directory, std::string name, Failure& failure);
  /** Unmaps on the thread; at once when there is none any more. */
  void dispose(RegionPtr region);

  /** Gives the result out when it is there. `unknown`: never given, already taken, or abandoned. */
  State take(Ticket ticket, Result<RegionPtr>& result);
  /** As take, but waits for the job. */
  State wait(Ticket ticket, Result<RegionPtr>& result);
  void abandon(Ticket ticket);

  /** From now on the thread looks every so often whether a writer's files are in place, besides its jobs. */
  void watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page);
  PlaceGuard& guard() { return guard_; }

  /** Finishes the jobs there are, then the thread. Results can still be taken. */
  void close();
  /** Finishes the job it is in and drops the rest. */
  void stop();

 private:
  struct Job {
    enum class Kind { create, open, dispose } kind;
    Ticket ticket = 0;
    PagePlan plan;
    RegionPtr region;
  };
  struct Slot {
    bool done = false;
    bool abandoned = false;
    Result<RegionPtr> result;
  };

  Ticket enqueue(Job job, Failure& failure);
  /** 0, or why there is no thread. Under the mutex. */
  int startThread();
  void run();
  void end(bool drain);

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  std::deque<Job> jobs_;
  std::unordered_map<Ticket, Slot> slots_;
  Ticket lastTicket_ = 0;
  bool closing_ = false;
  PlaceGuard guard_;
  Thread thread_;
};

}  // namespace ticktape
