#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../core/region.h"
#include "check.h"

using namespace ticktape;

namespace {

sigjmp_buf back;
volatile int seen = 0;

void earlier(int) {
  seen = seen + 1;
  siglongjmp(back, 1);
}

/** Whether reading the address calls the handler above. */
bool faults(const volatile uint8_t* address) {
  if (sigsetjmp(back, 1) != 0) return true;
  const uint8_t byte = *address;
  (void)byte;
  return false;
}

}  // namespace

// In a separate program: the other handler must be installed before this process maps its first file.
TEST(a_fault_outside_our_mappings_reaches_the_handler_installed_before) {
  struct sigaction action {};
  action.sa_handler = &earlier;
  action.sa_flags = SA_NODEFER;
  ::sigaction(SIGBUS, &action, nullptr);

  const std::string directory = check::directory();
  const RegionPtr ours = Region::create(directory + "/ours", 8192, 0600).value;
  CHECK_EQ(::truncate((directory + "/ours").c_str(), 0), 0);
  const int file = ::open((directory + "/other").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  auto* other = static_cast<volatile uint8_t*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));

  CHECK(faults(other));
  CHECK(faults(other));
  CHECK_EQ(seen, 2);

  CHECK(!faults(ours->data() + 4096));
  CHECK(ours->damaged());
  CHECK_EQ(seen, 2);
}
