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
 * Creates a complete page under a temporary name and then renames it to `name`: a page that other processes can see is complete.
 * Fails with EEXIST when a file exists at `name`. On any failure no temporary file remains.
 */
Result<RegionPtr> makePage(const PagePlan& plan);

}  // namespace ticktape
