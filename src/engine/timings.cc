#include "engine/timings.h"

#include <cstdio>

#include <fmt/format.h>

#include "explain/listing.h"
#include "explain/words.h"

namespace caisson::engine {

void print_timings(const plan::Plan& plan, const std::vector<execute::StepTime>& times) {
  constexpr std::string_view kLanes[] = {"parent", "launcher", "child"};
  std::int64_t sums[plan::kLanes] = {};
  std::string table;
  for (const execute::StepTime& time : times) {
    sums[static_cast<std::size_t>(time.lane)] += time.nanoseconds;
    table += fmt::format("{:>10.1f} µs  {}  {}\n", static_cast<double>(time.nanoseconds) / 1000,
                         explain::step_number(time.lane, time.step),
                         explain::describe(plan, plan.lane(time.lane)[time.step]));
  }
  for (std::size_t lane = 0; lane < plan::kLanes; ++lane) {
    if (sums[lane] != 0)
      table += fmt::format("{:>10.1f} µs  in all, {}\n", static_cast<double>(sums[lane]) / 1000, kLanes[lane]);
  }
  std::fputs(table.c_str(), stderr);
}

}  // namespace caisson::engine
