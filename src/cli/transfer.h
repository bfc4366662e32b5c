// Verbs whose work the transfer program does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "image/report.h"
#include "kernel/user_namespace.h"

namespace caisson::cli {

/// Runs `transfer VERB --root ROOT --report WORDS…` and waits for it; its warnings are in the log then. An error that
/// it tells of is the error. `doing`: for the error where it was killed ("loaded FILE"). `user_namespace`: as root of a
/// new one.
Result<image::Report> call_transfer(const Command& command, const std::string& verb,
                                    const std::vector<std::string>& words, const std::string& doing,
                                    const std::optional<kernel::IdMaps>& user_namespace = std::nullopt);

/// The same for verbs that bring images: their layers are unpacked then, too.
Result<image::Report> bring_images(const Command& command, const std::string& verb,
                                   const std::vector<std::string>& words, const std::string& doing, bool quiet);

/// Options of verbs that talk to registries.
struct RegistryOptions {
  std::string authfile;
  std::string cert_dir;
  std::string tls_verify;  ///< "true", "false"; empty: not said
};
void add_options(std::vector<std::string>& words, const RegistryOptions& options);

/// Their rows in the table of a verb whose options are derived from RegistryOptions.
template <class Options>
std::vector<Option<Options>> registry_rows() {
  return {{{"authfile", 0, "FILE", "Registry",
            "Credentials, as login keeps them (default where podman and docker have them)"},
           [](Options& options, const Use& use) -> Result<> { return options.authfile = use.value, Result<>(); }},
          {{"cert-dir", 0, "DIR", "Registry", "Certificates (*.crt, *.cert, *.key) instead of those in certs.d"},
           [](Options& options, const Use& use) -> Result<> { return options.cert_dir = use.value, Result<>(); }},
          {{"tls-verify", 0, {}, "Registry", "Trust known certificates alone (default: as registries.conf says)"},
           [](Options& options, const Use& use) -> Result<> { return options.tls_verify = use.value, Result<>(); }}};
}

/// The whole name of an image that is made here: one without a registry is below localhost, not docker.io. Error: it is
/// no name, or has a digest.
Result<std::string> name_of_made_image(const std::string& typed);

/// The words of `--NAME VALUE`; none for an empty value.
void add_option(std::vector<std::string>& words, std::string_view name, const std::string& value);

}  // namespace caisson::cli
