#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "page_file.h"
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
  Ticket open(std::string path, Failure& failure);
  /** Unmaps on the thread; at once when there is none any more. */
  void dispose(RegionPtr region);

  /** Gives the result out when it is there. `unknown`: never given, already taken, or abandoned. */
  State collect(Ticket ticket, Result<RegionPtr>& result);
  /** As collect, but waits for the job. */
  State wait(Ticket ticket, Result<RegionPtr>& result);
  void abandon(Ticket ticket);

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
  void run();
  void end(bool drain);

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  std::deque<Job> jobs_;
  std::unordered_map<Ticket, Slot> slots_;
  Ticket lastTicket_ = 0;
  bool closing_ = false;
  Thread thread_;
};

}  // namespace ticktape
