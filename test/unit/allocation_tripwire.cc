#include "allocation_tripwire.h"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAISSON_OWN_ALLOCATOR 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define CAISSON_OWN_ALLOCATOR 0
#endif
#endif
#ifndef CAISSON_OWN_ALLOCATOR
#define CAISSON_OWN_ALLOCATOR 1
#endif

namespace caisson {

namespace {

pid_t owner = 0;  // 0: nobody is watched

[[maybe_unused]] void pass() {
  if (owner == 0 || ::getpid() == owner) return;
  constexpr char kWords[] = "allocation in a child that may not allocate\n";
  (void)!::write(2, kWords, sizeof kWords - 1);
  ::_exit(kTripped);
}

}  // namespace

bool tripwire_works() { return CAISSON_OWN_ALLOCATOR != 0; }
Tripwire::Tripwire() { owner = ::getpid(); }
Tripwire::~Tripwire() { owner = 0; }

}  // namespace caisson

#if CAISSON_OWN_ALLOCATOR
// glibc's own functions by the names that it keeps for this purpose. operator new comes here as well.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

void* malloc(std::size_t size) noexcept {
  caisson::pass();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  caisson::pass();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  caisson::pass();
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  caisson::pass();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  caisson::pass();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  caisson::pass();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) noexcept {
  if (memory != nullptr) caisson::pass();
  __libc_free(memory);
}
}
#endif
