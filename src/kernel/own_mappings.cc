#include "kernel/own_mappings.h"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base/fd.h"

namespace caisson::kernel {

namespace {

using Headers = std::span<const ElfW(Phdr)>;

// An entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
constexpr std::uint64_t kPresent = 1ULL << 63;
constexpr std::uint64_t kSwapped = 1ULL << 62;
constexpr std::uint64_t kOfFile = 1ULL << 61;

std::uintptr_t page_size() { return static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)); }
std::uintptr_t page_of(std::uintptr_t address) { return address & ~(page_size() - 1); }

// What of the file lies where: whole pages, as execve(2) maps them.
struct Segment {
  Segment(const ElfW(Phdr) & header, std::uintptr_t base)
      : start(page_of(base + header.p_vaddr)),
        length(page_of(base + header.p_vaddr + header.p_filesz + page_size() - 1) - start),
        offset(static_cast<off_t>(page_of(header.p_offset))),
        protection(((header.p_flags & PF_R) != 0 ? PROT_READ : 0) | ((header.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                   ((header.p_flags & PF_X) != 0 ? PROT_EXEC : 0)) {}

  char* memory() const { return reinterpret_cast<char*>(start); }  // NOLINT(performance-no-int-to-ptr)

  std::uintptr_t start;
  std::size_t length;
  off_t offset;
  int protection;
};

bool map_read_only(const Segment& segment, int file) {
  return ::mmap(segment.memory(), segment.length, segment.protection, MAP_PRIVATE | MAP_FIXED, file, segment.offset) !=
         MAP_FAILED;
}

// What is added to the addresses in the file. The headers are in its first page, so in the segment from offset 0.
std::uintptr_t base_address(Headers headers) {
  const auto* file_header = reinterpret_cast<const char*>(headers.data()) - sizeof(ElfW(Ehdr));
  for (const ElfW(Phdr) & header : headers)
    if (header.p_type == PT_LOAD && header.p_offset == 0)
      return reinterpret_cast<std::uintptr_t>(file_header) - header.p_vaddr;
  return 0;
}

// Copies the pages of a segment that are this process's own by now, rather than the file's, to the same place in
// `aside`.
bool copy_own_pages(const Segment& segment, char* aside) {
  const Fd pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  const std::size_t page = page_size();
  std::array<std::uint64_t, 64> entries;
  std::size_t in_entries = 0;
  for (std::size_t at = 0, next = 0; at < segment.length; at += page, ++next) {
    if (next == in_entries) {
      const auto offset = static_cast<off_t>((segment.start + at) / page * sizeof entries[0]);
      const ssize_t got = ::pread(pagemap.get(), entries.data(), sizeof entries, offset);
      if (got < static_cast<ssize_t>(sizeof entries[0])) return false;
      in_entries = static_cast<std::size_t>(got) / sizeof entries[0];
      next = 0;
    }
    if ((entries[next] & (kPresent | kSwapped)) != 0 && (entries[next] & kOfFile) == 0)
      std::memcpy(aside + at, segment.memory() + at, page);
  }
  return true;
}

// Made aside and moved over in one step. From the first copy to the move nothing may write to the segment: what these
// two functions write to is on the stack.
bool map_writable(const Segment& segment, int file) {
  void* aside = ::mmap(nullptr, segment.length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, segment.offset);
  if (aside == MAP_FAILED) return false;
  if (copy_own_pages(segment, static_cast<char*>(aside)) &&
      ::mremap(aside, segment.length, segment.length, MREMAP_MAYMOVE | MREMAP_FIXED, segment.memory()) != MAP_FAILED)
    return true;
  ::munmap(aside, segment.length);
  return false;
}

// As the C library protects what is written to at the start alone (PT_GNU_RELRO).
bool protect_constants(const ElfW(Phdr) & header, std::uintptr_t base) {
  const std::uintptr_t start = page_of(base + header.p_vaddr);
  const std::uintptr_t end = page_of(base + header.p_vaddr + header.p_memsz);
  return end <= start || ::mprotect(reinterpret_cast<void*>(start), end - start, PROT_READ) == 0;  // NOLINT
}

bool map_segments(Headers headers, std::uintptr_t base, int file) {
  for (const ElfW(Phdr) & header : headers) {
    if (header.p_type != PT_LOAD || header.p_filesz == 0) continue;
    const Segment segment(header, base);
    const bool writable = (segment.protection & PROT_WRITE) != 0;
    if (!(writable ? map_writable(segment, file) : map_read_only(segment, file))) return false;
  }
  for (const ElfW(Phdr) & header : headers)
    if (header.p_type == PT_GNU_RELRO && !protect_constants(header, base)) return false;
  return true;
}

// What the kernel knows of this process's memory has to be said again, all of it (proc_pid_stat(5)).
constexpr struct {
  int field;
  __u64 prctl_mm_map::* member;
} kMemoryFields[] = {{26, &prctl_mm_map::start_code}, {27, &prctl_mm_map::end_code}, {28, &prctl_mm_map::start_stack},
                     {45, &prctl_mm_map::start_data}, {46, &prctl_mm_map::end_data}, {47, &prctl_mm_map::start_brk},
                     {48, &prctl_mm_map::arg_start},  {49, &prctl_mm_map::arg_end},  {50, &prctl_mm_map::env_start},
                     {51, &prctl_mm_map::env_end}};

bool read_memory_map(prctl_mm_map& map) {
  std::array<char, 1024> stat{};
  const Fd file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  if (::read(file.get(), stat.data(), stat.size() - 1) <= 0) return false;
  const char* rest = std::strrchr(stat.data(), ')');  // behind the second field
  int field = 2;
  for (const auto& [wanted, member] : kMemoryFields) {
    for (; field < wanted && rest != nullptr; ++field) rest = std::strchr(rest + 1, ' ');
    if (rest == nullptr) return false;
    map.*member = std::strtoull(rest, nullptr, 10);
  }
  map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  return true;
}

}  // namespace

bool map_program_from(int file) {
  if (::getauxval(AT_BASE) != 0) return false;  // the address of the interpreter that has loaded libraries as well
  const Headers headers(reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR)), ::getauxval(AT_PHNUM));  // NOLINT
  const std::uintptr_t base = base_address(headers);
  prctl_mm_map map{};
  if (!read_memory_map(map) || !map_segments(headers, base, file)) return false;
  map.exe_fd = static_cast<__u32>(file);
  return ::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

}  // namespace caisson::kernel
