#pragma once

#include "page.h"

namespace ticktape::detail {

/** All frames of the page are on the disk afterwards: first their checksums, then the sync, then DURABLE. @throws SystemError. */
inline void makeDurable(const Page& page) {
  const uint32_t cursor = page.cursor(), durable = page.durable();
  if (page.checked()) {
    page.walk(durable, cursor, [&](uint32_t at) {
      put<uint32_t>(page.slot(at) + format::frame::kCrc, frameCrc(page.slot(at), page.slotsOf(at), page.first() + at));
    });
  }
  page.mapping().sync(page.size(), page.path());
  storeRelease(page.word(format::page::kDurable), cursor);
  page.mapping().sync(format::page::kHeaderSize, page.path());
}

/**
 * Makes the pages before the tail durable that earlier writers had published and not synced: a later frame must not be durable before them.
 *
 * @param unpromised also pages without checksums, which nobody had promised to make durable.
 */
inline void catchUp(const Directory& directory, const Page& tail, bool unpromised) {
  const uint64_t first = directory.pages().front();
  std::vector<Page> behind;
  for (uint64_t number = tail.number(); number > first; number--) {
    Page page(directory, number - 1, true);
    if (!page.checked() && !unpromised) break;
    const bool isDurable = page.cursor() > 0 && page.durable() == page.cursor();
    behind.push_back(std::move(page));
    // Its frames are durable, but its seal may not be: it is synced once more, and no earlier one.
    if (isDurable) break;
  }
  for (auto page = behind.rbegin(); page != behind.rend(); ++page) makeDurable(*page);
}

}  // namespace ticktape::detail
