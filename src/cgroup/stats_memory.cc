#include "base/text.h"
#include "cgroup/evidence.h"
#include "cgroup/stats_parts.h"

namespace caisson::cgroup {

namespace {

std::map<std::string, std::uint64_t> parse_stat(std::string_view text) {
  std::map<std::string, std::uint64_t> values;
  for (const std::string_view line : split(text, '\n')) {
    const Cut pair = cut(line, ' ');
    if (!pair.tail) continue;
    if (const auto value = parse_unsigned(*pair.tail)) values[std::string(pair.head)] = *value;
  }
  return values;
}

std::uint64_t look_up(const std::map<std::string, std::uint64_t>& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

MemoryEntry v1_entry(const Files& files, const std::string& name) {
  return {.limit = files.count(name + ".limit_in_bytes"),
          .usage = files.count(name + ".usage_in_bytes"),
          .max = files.count(name + ".max_usage_in_bytes"),
          .failures = files.count(name + ".failcnt")};
}

MemoryEntry v2_entry(const Files& files, const std::string& name) {
  return {.limit = files.count(name + ".max"),
          .usage = files.count(name + ".current"),
          .max = files.count(name + ".peak"),  // since Linux 5.19, of swap since 6.5
          .failures = value_of(files.read(name + ".events").value_or(""), "max").value_or(0)};
}

// Callers know v1's sum of both.
MemoryEntry together(const MemoryEntry& memory, MemoryEntry swap) {
  swap.usage += memory.usage;
  if (swap.limit != UINT64_MAX) swap.limit = memory.limit == UINT64_MAX ? UINT64_MAX : swap.limit + memory.limit;
  return swap;
}

}  // namespace

void read_memory(const Files& files, MemoryStats& memory) {
  if (files.read("memory.limit_in_bytes")) {
    memory.raw = parse_stat(files.read("memory.stat").value_or(""));
    memory.cache = look_up(memory.raw, "cache");
    memory.usage = v1_entry(files, "memory");
    memory.swap = v1_entry(files, "memory.memsw");
    memory.kernel = v1_entry(files, "memory.kmem");
    memory.kernel_tcp = v1_entry(files, "memory.kmem.tcp");
  } else if (files.read("memory.current")) {
    memory.raw = parse_stat(files.read("memory.stat").value_or(""));
    memory.cache = look_up(memory.raw, "file");
    memory.usage = v2_entry(files, "memory");
    memory.swap = together(memory.usage, v2_entry(files, "memory.swap"));
  }
}

}  // namespace caisson::cgroup
