#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "directory.h"
#include "region.h"

namespace ticktape {

struct PagePlan {
  DirectoryPtr directory;
  std::string temporaryName;
  std::string name;
  std::size_t size = 0;
  mode_t mode = 0600;
  std::vector<uint8_t> header;
  bool durable = false;
};

/**
 * Makes a page whole under a temporary name and then gives it its own: a page that can be seen is complete. It fails with
 * EEXIST when `name` is taken, and on any failure leaves no temporary file.
 */
Result<RegionPtr> makePage(const PagePlan& plan);

}  // namespace ticktape
