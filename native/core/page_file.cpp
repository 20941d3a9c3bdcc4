#include "page_file.h"

#include <cstring>

#include "crash_point.h"

namespace ticktape {

Result<RegionPtr> makePage(const PagePlan& plan) {
  Result<RegionPtr> made = Region::create(*plan.directory, plan.temporaryName, plan.size, plan.mode);
  if (!made.ok()) return made;
  CRASH_POINT("page-allocated");

  Region& page = *made.value;
  const auto fail = [&](Failure failure) -> Result<RegionPtr> {
    plan.directory->remove(plan.temporaryName);
    return failure;
  };

  page.populate(0, plan.size, true);
  std::memcpy(page.data(), plan.header.data(), plan.header.size());
  CRASH_POINT("page-header-copied");

  if (plan.durable) {
    if (Failure failure = page.syncFile()) return fail(failure);
    CRASH_POINT("page-synced");
    // The sync left the blocks clean and therefore write-protected: the writer's first store to each block would fault.
    page.populate(0, plan.size, true);
  }

  if (Failure failure = plan.directory->renameNew(plan.temporaryName, plan.name)) return fail(failure);
  page.renamed(plan.directory->pathOf(plan.name));
  CRASH_POINT("page-renamed");

  if (plan.durable) {
    // The directory could not be synced, so the new name may not survive power loss. The page is removed again, because while it exists
    // it could not be created a second time. No reader depends on it yet: the page before it is sealed only after this one is handed out.
    if (Failure failure = plan.directory->sync()) {
      plan.directory->remove(plan.name);
      return failure;
    }
    CRASH_POINT("page-directory-synced");
  }
  return made;
}

}  // namespace ticktape
