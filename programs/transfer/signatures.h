// Whether an image is signed as a policy requires it.
#pragma once

#include <string>
#include <vector>

#include "image/image_store.h"
#include "image/policy.h"
#include "registries.h"
#include "transport/fetch.h"

namespace caisson::transfer {

/// What is to be signed: one of the documents, of which the last is the manifest.
struct Subject {
  std::vector<transport::FoundDocument> documents;
  std::vector<std::string> repositories;  ///< where signatures of cosign's may be: "docker.io/library/busybox"
  std::string signature = {};             ///< the file of a detached one; empty: as the requirement says

  const std::string& manifest() const { return documents.back().descriptor.digest; }
};

struct Verdict {
  std::string words;   ///< "signed with /etc/caisson/team.pub"
  std::string digest;  ///< of the document that is
};

/// Looks for the signatures where they may be, in the store or a registry, and remembers a good one (image/trusted.h).
/// The error says what was looked for. `options`: how registries are spoken to; null: they are not.
Result<Verdict> check_signatures(const std::string& root, const image::ImageStore& store, const Subject& subject,
                                 const image::Requirement& requirement, const registry::Options* options);

}  // namespace caisson::transfer
