// The resource limits of processes by the names that the runtime specification has for them (getrlimit(2)).
#pragma once

#include <sys/resource.h>

#include <array>
#include <string_view>

namespace caisson {

struct ResourceLimitName {
  std::string_view name;
  int number;
};
inline constexpr std::array kResourceLimits = {
    ResourceLimitName{"RLIMIT_AS", RLIMIT_AS},
    ResourceLimitName{"RLIMIT_CORE", RLIMIT_CORE},
    ResourceLimitName{"RLIMIT_CPU", RLIMIT_CPU},
    ResourceLimitName{"RLIMIT_DATA", RLIMIT_DATA},
    ResourceLimitName{"RLIMIT_FSIZE", RLIMIT_FSIZE},
    ResourceLimitName{"RLIMIT_LOCKS", RLIMIT_LOCKS},
    ResourceLimitName{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    ResourceLimitName{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    ResourceLimitName{"RLIMIT_NICE", RLIMIT_NICE},
    ResourceLimitName{"RLIMIT_NOFILE", RLIMIT_NOFILE},
    ResourceLimitName{"RLIMIT_NPROC", RLIMIT_NPROC},
    ResourceLimitName{"RLIMIT_RSS", RLIMIT_RSS},
    ResourceLimitName{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    ResourceLimitName{"RLIMIT_RTTIME", RLIMIT_RTTIME},
    ResourceLimitName{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    ResourceLimitName{"RLIMIT_STACK", RLIMIT_STACK},
};

}  // namespace caisson
