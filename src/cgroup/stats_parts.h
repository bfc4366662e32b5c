// The longer parts of read_stats(); private to it.
#pragma once

#include "cgroup/files.h"
#include "cgroup/stats.h"

namespace caisson::cgroup {

void read_memory(const Files& files, MemoryStats& memory);
void read_block_io(const Files& files, BlockIoStats& block_io);

}  // namespace caisson::cgroup
