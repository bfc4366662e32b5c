#include "engine/obey_policy.h"

#include <fmt/format.h>

#include "image/policy_file.h"
#include "image/transfer_child.h"
#include "image/trusted.h"

namespace caisson::engine {

namespace {

using image::Requirement;

Result<> check_signature(const Places& places, const Candidate& candidate, const std::string& name,
                         const Requirement& requirement, const Log& log) {
  if (image::is_known_trusted(places.root, candidate.digest, requirement)) return {};
  std::vector<std::string> words = {places.libexec + "/transfer", "verify", "--report", "--root", places.root};
  const char* const option = requirement.kind == Requirement::Kind::kGpg ? "--gpg" : "--cosign";
  for (const std::string& key : requirement.keys) words.insert(words.end(), {option, key});
  if (!requirement.signatures.empty()) words.insert(words.end(), {"--signatures", requirement.signatures});
  if (candidate.file.empty()) {
    words.insert(words.end(), {"--name", name, "--", candidate.digest});
  } else {
    words.insert(words.end(), {"--tarball", "--", candidate.file});
  }
  const image::Report report = TRY(image::run_transfer(words, std::nullopt, "checked the signature of " + name, log));
  if (!report.digest) return fail(report.digest.error());
  // A tarball may have become another one since it was unpacked: what was signed is said at the end.
  if (!candidate.file.empty() && (report.lines.empty() || report.lines.back() != candidate.digest))
    return fail(in(name, complaint("what was unpacked from it is not what is signed")));
  return {};
}

}  // namespace

Result<> obey_policy(const Places& places, const Candidate& candidate, const Log& log) {
  const image::Policy policy = TRY(image::load_policy());
  for (const std::string& name : candidate.names) {
    const Requirement& requirement = policy.of(name);
    if (requirement.kind == Requirement::Kind::kAccept) continue;
    if (requirement.kind == Requirement::Kind::kReject)
      return fail(in(name, complaint(fmt::format("the policy {} rejects it", image::policy_path()))));
    TRY_IN("as " + image::policy_path() + " requires", check_signature(places, candidate, name, requirement, log));
  }
  return {};
}

}  // namespace caisson::engine
