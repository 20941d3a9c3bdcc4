#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "failure.h"

namespace ticktape {

class Directory;
class Region;
using RegionPtr = std::shared_ptr<Region>;

/**
 * A whole file, mapped shared. It is unmapped when the last reference is dropped: that of a JavaScript object, or of a thread of the
 * addon that still works on it. The file stays open until then, because range locks belong to the open file.
 */
class Region {
 public:
  /** Creates `path` exclusively and allocates every byte: no later store into the mapping can fail for lack of space. */
  static Result<RegionPtr> create(const std::string& path, std::size_t size, mode_t mode);
  static Result<RegionPtr> create(const Directory& directory, const std::string& name, std::size_t size, mode_t mode);
  /** Maps all of an existing regular file of 1 to 2^31 - 1 bytes. */
  static Result<RegionPtr> open(const std::string& path, bool writable);
  static Result<RegionPtr> open(const Directory& directory, const std::string& name, bool writable);

  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool writable() const { return writable_; }
  uint64_t inode() const { return inode_; }
  uint64_t device() const { return device_; }
  const std::string& path() const { return path_; }
  bool damaged() const;
  /** The status of the open file now. False if it cannot be read. */
  bool stat(struct stat& status) const;
  /** Call it after the file was renamed, and only before the region is shared. */
  void renamed(const std::string& path) { path_ = path; }

  /** Maps blocks ahead of use; with `write`, also the first store takes no fault. Changes no byte. Cannot fail. */
  void populate(std::size_t offset, std::size_t length, bool write) const;
  /** `advice` is one of MADV_*. */
  Failure advise(int advice) const;
  /** msync(MS_SYNC) of the blocks that hold these bytes. */
  Failure sync(std::size_t offset, std::size_t length) const;
  /** fsync: the bytes and the file's size. */
  Failure syncFile() const;

  /** 1 when the range is now locked, 0 when another open file holds a lock in it, or a failure. */
  Result<int> lockRange(std::size_t offset, std::size_t length) const;
  Failure unlockRange(std::size_t offset, std::size_t length) const;
  /** 1 when another open file holds a lock in the range. */
  Result<int> rangeLocked(std::size_t offset, std::size_t length) const;

 private:
  Region() = default;
  static Result<RegionPtr> createAt(int directory, const char* name, const std::string& path, std::size_t size, mode_t mode);
  static Result<RegionPtr> openAt(int directory, const char* name, const std::string& path, bool writable);
  static Result<RegionPtr> map(int file, const std::string& path, std::size_t size, bool writable);

  uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool writable_ = false;
  bool inMemory_ = false;
  uint64_t inode_ = 0;
  uint64_t device_ = 0;
  std::string path_;
  int file_ = -1;
  int guard_ = -1;
};

}  // namespace ticktape
