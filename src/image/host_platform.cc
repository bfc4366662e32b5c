#include "image/host_platform.h"

#include <sys/utsname.h>

namespace caisson::image {

Platform host_platform() {
  struct utsname names{};
  ::uname(&names);
  return platform_of_machine(names.machine);
}

}  // namespace caisson::image
