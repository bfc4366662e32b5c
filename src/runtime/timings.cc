#include "runtime/timings.h"

#include <time.h>

#include <cstdio>

#include <fmt/format.h>

#include "explain/listing.h"
#include "explain/words.h"

namespace caisson::runtime {

namespace {

std::int64_t monotonic_nanoseconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string row(std::int64_t nanoseconds, std::string_view words) {
  return fmt::format("{:>10.1f} µs  {}\n", static_cast<double>(nanoseconds) / 1000, words);
}

std::string table_of(const std::vector<Stopwatch::Part>& parts) {
  std::int64_t sum = 0;
  std::string table;
  for (const Stopwatch::Part& part : parts) {
    sum += part.nanoseconds;
    table += row(part.nanoseconds, part.name);
  }
  return table + row(sum, "in all");
}

}  // namespace

Stopwatch::Stopwatch() : last_(monotonic_nanoseconds()) {}

void Stopwatch::lap(std::string_view name) {
  const std::int64_t now = monotonic_nanoseconds();
  parts_.push_back({name, now - last_});
  last_ = now;
}

void print_timings(const std::vector<Stopwatch::Part>& parts, const plan::Plan& plan,
                   const std::vector<execute::StepTime>& times) {
  constexpr std::string_view kLanes[] = {"parent", "launcher", "child"};
  std::int64_t sums[plan::kLanes] = {};
  std::string table = table_of(parts) + "\n";
  for (const execute::StepTime& time : times) {
    sums[static_cast<std::size_t>(time.lane)] += time.nanoseconds;
    table += row(time.nanoseconds, fmt::format("{}  {}", explain::step_number(time.lane, time.step),
                                               explain::describe(plan, plan.lane(time.lane)[time.step])));
  }
  for (std::size_t lane = 0; lane < plan::kLanes; ++lane) {
    if (sums[lane] != 0) table += row(sums[lane], fmt::format("in all, {}", kLanes[lane]));
  }
  std::fputs(table.c_str(), stderr);
}

}  // namespace caisson::runtime
