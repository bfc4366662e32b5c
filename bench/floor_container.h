// What the floor's child does: it becomes the first process of a container, or one more in a container that runs.
#pragma once

#include <linux/filter.h>
#include <signal.h>

#include "floor_cgroups.h"

namespace caisson::bench {

class Marks;

/// What the child is given.
struct Container {
  char** command;
  const Cgroups& cgroups;
  sigset_t signals;                    ///< the mask that the command starts with
  const char* rootfs = nullptr;        ///< of a new container
  const sock_fprog* filter = nullptr;  ///< of system calls, ready to be loaded
  int fifo = -1;                       ///< a byte that comes from it lets the command begin; -1: it begins at once
  int ready = -1;                      ///< takes a byte when nothing but the command is left to do
  int joined = -1;                     ///< a pidfd of the container to join
};

/// PID 1 of a new container. Comes back only if something failed, and has said then what.
void become_container(const Container& container, Marks* marks);

/// A process in the container `joined`, with the attributes of its first. Comes back as above.
void join_container(const Container& container, Marks* marks);

}  // namespace caisson::bench
