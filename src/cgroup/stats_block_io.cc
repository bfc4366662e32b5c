#include <array>

#include "base/text.h"
#include "cgroup/stats_parts.h"

namespace caisson::cgroup {

namespace {

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_device(std::string_view word) {
  const Cut numbers = cut(word, ':');
  const auto major = parse_unsigned(numbers.head);
  const auto minor = numbers.tail ? parse_unsigned(*numbers.tail) : std::nullopt;
  if (!major || !minor) return std::nullopt;
  return std::pair(*major, *minor);
}

// "8:0 Read 4096", or "8:0 4096" where nothing is told apart; the sum over all devices, "Total 4096", is left out.
std::vector<BlockIoEntry> parse_v1(std::string_view text) {
  std::vector<BlockIoEntry> entries;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> word = split(line, ' ');
    const auto device = parse_device(word[0]);
    const auto value = parse_unsigned(word.back());
    if (!device || !value || word.size() < 2 || word.size() > 3) continue;
    entries.push_back({device->first, device->second, word.size() == 3 ? std::string(word[1]) : "", *value});
  }
  return entries;
}

// Who schedules a device counts for it; where nobody does, the throttling layer counts bytes and requests.
std::vector<BlockIoEntry> first_that_counts(const Files& files, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::vector<BlockIoEntry> entries = parse_v1(files.read(name).value_or(""));
    if (!entries.empty()) return entries;
  }
  return {};
}

struct Counter {
  const char* name;
  std::vector<BlockIoEntry> BlockIoStats::* entries;
  bool throttled;  // counted by the throttling layer too
};
constexpr std::array kCounters = {
    Counter{"io_service_bytes", &BlockIoStats::service_bytes, true},
    Counter{"io_serviced", &BlockIoStats::serviced, true},
    Counter{"io_queued", &BlockIoStats::queued, false},
    Counter{"io_service_time", &BlockIoStats::service_time, false},
    Counter{"io_wait_time", &BlockIoStats::wait_time, false},
    Counter{"io_merged", &BlockIoStats::merged, false},
    Counter{"time", &BlockIoStats::time, false},
    Counter{"sectors", &BlockIoStats::sectors, false},
};

void read_v1(const Files& files, BlockIoStats& block_io) {
  for (const Counter& counter : kCounters) {
    const std::string name = counter.name;
    std::vector<std::string> names = {"blkio.bfq." + name + "_recursive", "blkio." + name + "_recursive"};
    if (counter.throttled) {
      names.push_back("blkio.throttle." + name + "_recursive");
      names.push_back("blkio.throttle." + name);
    }
    block_io.*counter.entries = first_that_counts(files, names);
  }
}

struct Word {
  std::string_view key;
  const char* op;
  std::vector<BlockIoEntry> BlockIoStats::* entries;
};
constexpr std::array kWords = {
    Word{"rbytes", "Read", &BlockIoStats::service_bytes},    Word{"wbytes", "Write", &BlockIoStats::service_bytes},
    Word{"dbytes", "Discard", &BlockIoStats::service_bytes}, Word{"rios", "Read", &BlockIoStats::serviced},
    Word{"wios", "Write", &BlockIoStats::serviced},          Word{"dios", "Discard", &BlockIoStats::serviced},
};

// "8:0 rbytes=4096 wbytes=0 rios=1 …"
void parse_v2(std::string_view text, BlockIoStats& block_io) {
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> pairs = split(line, ' ');
    const auto device = parse_device(pairs[0]);
    if (!device) continue;
    for (const std::string_view pair : pairs) {
      const Cut parts = cut(pair, '=');
      const auto value = parts.tail ? parse_unsigned(*parts.tail) : std::nullopt;
      if (!value) continue;
      for (const Word& word : kWords) {
        if (word.key == parts.head)
          (block_io.*word.entries).push_back({device->first, device->second, word.op, *value});
      }
    }
  }
}

}  // namespace

void read_block_io(const Files& files, BlockIoStats& block_io) {
  if (files.read("blkio.throttle.io_serviced")) read_v1(files, block_io);
  if (const auto stat = files.read("io.stat")) parse_v2(*stat, block_io);
}

}  // namespace caisson::cgroup
