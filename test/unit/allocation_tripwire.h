// Ends every process but one that allocates: a freshly cloned child may not (its parent may have held a lock of the
// allocator).
#pragma once

namespace caisson {

/// True if this build can see allocations: a sanitizer has an allocator of its own.
bool tripwire_works();

/// The exit status of a process that touched the tripwire.
inline constexpr int kTripped = 99;

/// From here to the end of its block, whoever is a copy of this process and allocates or frees ends with kTripped.
class Tripwire {
 public:
  Tripwire();
  Tripwire(const Tripwire&) = delete;
  Tripwire& operator=(const Tripwire&) = delete;
  ~Tripwire();
};

}  // namespace caisson
