#include "registry/tags.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "registry/all_errors.h"
#include "registry/files.h"
#include "registry/resolve.h"
#include "registry/session.h"
#include "registry/tag_list.h"

namespace caisson::registry {

namespace {

constexpr std::size_t kMostTags = 10'000;
constexpr int kMostPages = 1'000;

Result<std::vector<std::string>> list(Session& session) {
  const Scopes scopes = {"repository:" + session.reference().path + ":pull"};
  std::vector<std::string> tags;
  Url page = TRY(session.url("tags/list"));
  for (int pages = 0; pages < kMostPages; ++pages) {
    const HttpRequest request{.url = page, .body_limit_bytes = kTagPageBytes};
    const HttpOutcome outcome = session.send_persistently(request, scopes);
    if (!outcome) return fail(outcome.error().error);
    if (outcome->status != 200) return fail(session.error_of(request, *outcome));
    std::ranges::move(TRY_IN(page.shown(), read_tags(outcome->body)), std::back_inserter(tags));
    if (tags.size() > kMostTags) break;
    const auto next = next_page(outcome->header("link").value_or(""));
    if (!next) return tags;
    const Url following = TRY_IN(page.shown(), page.resolve(*next));
    if (following.origin() != page.origin())
      return fail(in(page.shown(), complaint("the next page of the list is of another server, " + following.origin())));
    page = following;
  }
  return fail(in(page.shown(), complaint(fmt::format("the list has no end within {} tags", kMostTags))));
}

}  // namespace

Result<std::vector<image::Reference>> tags(std::string_view name, const Options& options) {
  const image::ReferencePieces pieces = image::cut_reference(name);
  if (pieces.tag || pieces.digest) return fail(complaint("all tags are wanted, and the name has one, or a digest"));
  const RegistriesConf conf = TRY(read_registries_conf());
  const Candidates found = TRY(candidates(conf, name));
  if (!found.warning.empty() && options.warn) options.warn(found.warning);
  std::vector<Error> errors;
  for (image::Reference reference : found.references) {
    for (const Endpoint& endpoint : TRY(pull_endpoints(conf, reference))) {
      const Result<std::unique_ptr<Session>> session = Session::open(options, conf, endpoint);
      const Result<std::vector<std::string>> names = session ? list(**session) : fail(session.error());
      if (!names) {
        errors.push_back(names.error());
        continue;
      }
      std::vector<image::Reference> images;
      for (const std::string& tag : *names) {
        reference.tag = tag;
        images.push_back(reference);
      }
      return images;
    }
  }
  return fail(all_of(errors));
}

}  // namespace caisson::registry
