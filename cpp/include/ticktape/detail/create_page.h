#pragma once

#include <sys/resource.h>

#include "page.h"

namespace ticktape::detail {

/** What all pages of a writer have in common. */
struct PageKind {
  std::size_t size = format::page::kDefaultSize;
  mode_t mode = 0600;
  bool checked = false;
  uint64_t epoch = 0;
  uint16_t journalId = 0;
  BootId boot{};
};

/** Allocates every byte of an empty file: on a full disk, touching a hole would kill the process, long after the call that should have failed. */
inline int allocate(int file, std::size_t size) {
  // Growing a file past this limit raises SIGXFSZ, which kills a process that does not ignore it.
  struct rlimit limit;
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) return EFBIG;
  int number;
  do number = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  while (number == EINTR);
  return number;
}

/** The header of a page: bytes 0 to 127. */
inline std::array<char, format::page::kIdentitySize> pageHeader(const PageKind& kind, uint64_t number, const std::array<uint8_t, 8>& layoutHash) {
  namespace page = format::page;
  std::array<char, page::kIdentitySize> header{};
  auto* data = reinterpret_cast<uint8_t*>(header.data());
  std::memcpy(data + page::kMagic, format::kPageMagic, 8);
  put<uint32_t>(data + page::kVersion, format::kFormatVersion);
  put<uint32_t>(data + page::kFlags, kind.checked ? format::page_flag::kChecked : 0);
  put<uint32_t>(data + page::kPageSize, static_cast<uint32_t>(kind.size));
  put<uint32_t>(data + page::kPageNumber, static_cast<uint32_t>(number));
  put<uint64_t>(data + page::kFirstPosition, number * capacityOf(kind.size));
  put<int64_t>(data + page::kCreated, now());
  put(data + page::kBootId, kind.boot);
  put<uint64_t>(data + page::kEpoch, kind.epoch);
  put(data + page::kLayoutHash, layoutHash);
  put<uint16_t>(data + page::kJournalId, kind.journalId);
  put<uint32_t>(data + page::kIdentityCrc, crc32c(data, page::kIdentityCrc));
  return header;
}

/** Creates a page, complete before it gets its name, and maps it. @throws JournalFullError, SystemError. */
inline Page createPage(const Directory& directory, const PageKind& kind, uint64_t number, const std::array<uint8_t, 8>& layoutHash) {
  const std::string name = pageName(number), temporary = name + file_name::kTemporary;
  const uint64_t first = number * capacityOf(kind.size);
  if (number > UINT32_MAX) throw JournalFullError(directory.path() + " has as many pages as a journal can have; use another journal", directory.path());
  directory.remove(temporary);
  try {
    const Descriptor file = directory.open(temporary, O_RDWR | O_CREAT | O_EXCL, kind.mode);
    if (!file) throwSystem("creating", directory.pathOf(temporary));
    if (::fchmod(file.number(), kind.mode) != 0) throwSystem("creating", directory.pathOf(temporary));
    const int failed = allocate(file.number(), kind.size);
    if (failed == ENOSPC || failed == EDQUOT || failed == EFBIG) {
      throw JournalFullError("no space for page " + std::to_string(number) + " of " + directory.path() + " (" + std::to_string(kind.size) +
                                 " bytes): " + std::strerror(failed) + ". All frames so far are intact; make room and write again",
                             directory.path(), first);
    }
    if (failed != 0) throwSystem("allocating", directory.pathOf(temporary), failed);
    const auto header = pageHeader(kind, number, layoutHash);
    Directory::writeAll(file.number(), header.data(), header.size(), directory.pathOf(temporary));
    if (kind.checked && ::fsync(file.number()) != 0) throwSystem("syncing", directory.pathOf(temporary));
    directory.rename(temporary, name);
  } catch (const Error&) {
    directory.remove(temporary);
    throw;
  }
  if (kind.checked) directory.sync();
  Page page(directory, number, true);
  page.mapping().populate();
  return page;
}

}  // namespace ticktape::detail
