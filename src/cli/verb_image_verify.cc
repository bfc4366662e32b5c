#include <algorithm>
#include <cstdio>
#include <iterator>

#include "cli/command.h"
#include "cli/transfer.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

struct VerifyOptions : RegistryOptions {
  std::vector<std::string> cosign;
  std::vector<std::string> gpg;
  std::string signature;
  std::string platform;
  bool offline = false;
};

std::vector<Option<VerifyOptions>> table() {
  std::vector<Option<VerifyOptions>> rows = {
      {{"cosign",
        'k',
        "KEY",
        {},
        "A public key, in PEM, that cosign signed it with (default: as the policy requires)",
        true,
        {}},
       [](VerifyOptions& options, const Use& use) -> Result<> {
         return options.cosign.emplace_back(use.value), Result<>();
       }},
      {{"key", 0, "KEY", {}, {}, true, "cosign"},
       [](VerifyOptions& options, const Use& use) -> Result<> {
         return options.cosign.emplace_back(use.value), Result<>();
       }},
      {{"gpg", 0, "KEYRING", {}, "A keyring, as gpgv reads it, that a detached OpenPGP signature is by a key of", true},
       [](VerifyOptions& options, const Use& use) -> Result<> {
         return options.gpg.emplace_back(use.value), Result<>();
       }},
      {{"signature",
        0,
        "FILE",
        {},
        "The detached signature: of a tarball (default FILE.asc, FILE.sig) or of an image's manifest"},
       [](VerifyOptions& options, const Use& use) -> Result<> { return options.signature = use.value, Result<>(); }},
      {{"offline", 0, {}, {}, "Look for signatures in the store alone"},
       [](VerifyOptions& options, const Use& use) -> Result<> {
         return options.offline = use.value == "true", Result<>();
       }},
      {{"platform", 0, "OS/ARCH", {}, "The platform whose image is meant, where there are several"},
       [](VerifyOptions& options, const Use& use) -> Result<> { return options.platform = use.value, Result<>(); }},
  };
  std::ranges::copy(registry_rows<VerifyOptions>(), std::back_inserter(rows));
  return rows;
}

bool is_file(const std::string& word) {
  return (word.starts_with('/') || word.starts_with('.')) && kernel::exists(word);
}

}  // namespace

Manual image_verify_manual() {
  return {"[OPTION…] IMAGE|FILE",
          "Checks who has signed an image of the store, or a root filesystem's tarball: with the keys "
          "given, or as the policy requires (/etc/caisson/policy.json).",
          spellings(table())};
}

int verb_image_verify(const Command& command) {
  VerifyOptions options;
  const auto rows = table();
  const Result<Parsed> parsed = parse(rows, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 1) return refuse(command, complaint("one image, or one tarball, is needed"));
  std::vector<std::string> words;
  add_options(words, options);
  for (const std::string& key : options.cosign) add_option(words, "cosign", key);
  for (const std::string& keyring : options.gpg) add_option(words, "gpg", keyring);
  add_option(words, "signature", options.signature);
  add_option(words, "platform", options.platform);
  if (options.offline) words.emplace_back("--offline");
  const std::string& what = parsed->operands[0];
  if (is_file(what)) words.emplace_back("--tarball");
  words.insert(words.end(), {"--", what});
  const Result<image::Report> report = call_transfer(command, "verify", words, "checked the signature of " + what);
  if (!report) return refuse(command, report.error());
  for (const std::string& line : report->lines) std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace caisson::cli
