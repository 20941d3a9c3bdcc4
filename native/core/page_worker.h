#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "page_file.h"
#include "journal_watch.h"
#include "thread.h"

namespace ticktape {

/**
 * A thread for page operations that take milliseconds (allocate, populate, sync, unmap), so that they are done before they are needed.
 * Jobs run in the order in which they were requested. A ticket identifies a job until its result is collected.
 */
class PageWorker {
 public:
  using Ticket = uint32_t;
  enum class State { unknown, pending, done };

  ~PageWorker() { stop(); }

  /** Each of these can fail, and then sets `failure`: to EPIPE after `close`, or to the error of pthread_create. */
  Ticket create(PagePlan plan, Failure& failure);
  Ticket open(DirectoryPtr directory, std::string name, Failure& failure);
  /** Unmaps on the worker thread; on the calling thread when the worker has ended. */
  void dispose(RegionPtr region);

  /** Returns the result if the job is done. `unknown`: there was no such ticket, or it was collected or abandoned. */
  State collect(Ticket ticket, Result<RegionPtr>& result);
  /** Like `collect`, but waits for the job. */
  State wait(Ticket ticket, Result<RegionPtr>& result);
  void abandon(Ticket ticket);

  /** From now on the thread checks every half second, between its jobs, whether a writer's journal was replaced. */
  void watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page);
  JournalWatch& journalWatch() { return journalWatch_; }

  /** Finishes all jobs, then ends the thread. Results can still be collected. */
  void close();
  /** Finishes the current job and drops the others. */
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
  JournalWatch journalWatch_;
  Thread thread_;
};

}  // namespace ticktape
