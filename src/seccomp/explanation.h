// What becomes of a call under a profile, and which of its rules says so, in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "seccomp/calls.h"
#include "seccomp/decide.h"
#include "seccomp/profile.h"

namespace caisson::seccomp {

/// A call to be held against a profile.
struct Question {
  Profile profile;
  Situation situation;
  const Architecture* architecture = &native_architecture();  ///< of the program that makes the call
  const Call* call = nullptr;                                 ///< the architecture has it
  std::vector<std::uint64_t> arguments;                       ///< the first ones; the others are 0
};

/// A rule that names the call, and what comes of it.
struct Verdict {
  std::size_t rule = 0;  ///< index into the profile's
  bool decides = false;
  std::string because;  ///< "the container lacks CAP_SYS_ADMIN", "argument 0 is 5, not 40"
};

struct Explanation {
  std::string outcome;  ///< "fails with EPERM (1)"
  std::string ground;   ///< "rule 3 (line 426): SCMP_ACT_ALLOW"
  Decision decision;
  std::vector<Verdict> verdicts;
};
Explanation explain(const Question& question);

/// The explanation for people, and as JSON with a newline at its end.
std::string as_text(const Question& question, const Explanation& explanation);
std::string as_json(const Question& question, const Explanation& explanation);

}  // namespace caisson::seccomp
