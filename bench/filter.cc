// How long the default profile's filter takes to compile, ours against libseccomp's, in turn: filter [ROUNDS].
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/text.h"
#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "seccomp_oracle.h"

using namespace caisson::seccomp;

namespace {

template <class Work>
double microseconds(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  const auto wanted = count > 1 ? caisson::parse_unsigned(arguments[1]) : std::optional<std::uint64_t>(50);
  if (!wanted || *wanted == 0) {
    std::fprintf(stderr, "filter: not a number of rounds: '%s'\n", arguments[1]);
    return 2;
  }
  const std::uint64_t rounds = *wanted;
  const Situation situation{.capabilities = 0x800405fb, .kernel = {6, 1}};  // podman's eleven
  const caisson::spec::Seccomp rules = resolve(default_profile(), situation);
  std::vector<double> ours, from_profile, theirs;
  std::size_t our_length = 0, their_length = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    ours.push_back(microseconds([&] { our_length = compile(rules)->instructions.size(); }));
    from_profile.push_back(microseconds([&] { (void)compile(resolve(default_profile(), situation)); }));
    Oracle oracle;
    theirs.push_back(microseconds([&] { (void)make_oracle(rules, native_architecture(), oracle); }));
    their_length = oracle.instructions.size();
  }
  std::printf("                        median us  instructions\n");
  std::printf("caisson                %10.1f  %12zu\n", median(ours), our_length);
  std::printf("caisson, whole profile %10.1f\n", median(from_profile));
  std::printf("libseccomp             %10.1f  %12zu\n", median(theirs), their_length);
  std::printf("libseccomp / caisson   %10.1f\n", median(theirs) / median(ours));
}
