#include "cli/transfer.h"

#include <cstdio>

#include "engine/events.h"
#include "engine/names_before.h"
#include "engine/unpack_ahead.h"
#include "image/reference.h"
#include "image/transfer_child.h"

namespace caisson::cli {

Result<image::Report> call_transfer(const Command& command, const std::string& verb,
                                    const std::vector<std::string>& words, const std::string& doing,
                                    const std::optional<kernel::IdMaps>& user_namespace) {
  std::vector<std::string> all = {command.places.libexec + "/transfer", verb, "--root", command.places.root,
                                  "--report"};
  all.insert(all.end(), words.begin(), words.end());
  image::Report report = TRY(image::run_transfer(all, user_namespace, doing, command.log));
  if (!report.digest) {
    for (const std::string& line : report.lines) std::printf("%s\n", line.c_str());
    return fail(std::move(report.digest).error());
  }
  return report;
}

Result<image::Report> bring_images(const Command& command, const std::string& verb,
                                   const std::vector<std::string>& words, const std::string& doing, bool quiet) {
  const engine::NamesBefore before = TRY(engine::NamesBefore::read(command.places));
  image::Report report = TRY(call_transfer(command, verb, words, doing));
  for (const image::ReportedImage& image : report.images) {
    const Result<> unpacked = engine::unpack_ahead(command.places, image.manifest, image.id, !quiet, command.log);
    if (!unpacked) return fail(before.put_back(image, unpacked.error()));
    engine::note_event(command.places,
                       engine::image_event(verb, image.id, image.names.empty() ? "" : image.names.front()));
  }
  return report;
}

void add_options(std::vector<std::string>& words, const RegistryOptions& options) {
  add_option(words, "authfile", options.authfile);
  add_option(words, "cert-dir", options.cert_dir);
  if (!options.tls_verify.empty()) words.push_back("--tls-verify=" + options.tls_verify);
}

Result<std::string> name_of_made_image(const std::string& typed) {
  const image::Reference name = TRY(image::parse_reference(typed));
  if (!name.digest.empty()) return fail(in(typed, complaint("what an image is called here has no digest")));
  const std::string text = image::is_short_name(typed) ? "localhost/" + typed : typed;
  return image::with_default_tag(TRY(image::parse_reference(text))).text();
}

void add_option(std::vector<std::string>& words, std::string_view name, const std::string& value) {
  if (!value.empty()) words.insert(words.end(), {"--" + std::string(name), value});
}

}  // namespace caisson::cli
