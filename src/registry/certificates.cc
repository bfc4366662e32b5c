#include "registry/certificates.h"

#include <curl/curl.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::registry {

namespace {

constexpr std::size_t kMostOfAuthorities = 4U << 20;  // Debian's bundle has 220 KiB

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<Certificates> certificates_in(const std::string& directory) {
  const Fd opened = TRY(kernel::open_file(directory, O_RDONLY | O_DIRECTORY));
  std::vector<std::string> names = TRY(kernel::names_in(opened, directory));
  std::ranges::sort(names);
  const auto has = [&](const std::string& name) { return std::ranges::binary_search(names, name); };
  Certificates found;
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    const std::size_t dot = std::min(name.rfind('.'), name.size());
    const std::string stem = name.substr(0, dot);
    const std::string ending = name.substr(dot);
    if (ending == ".crt") found.authorities.push_back(path);
    if (ending == ".key" && !has(stem + ".cert")) {
      return fail(in(path, complaint(fmt::format("there is no {}.cert beside it", stem))));
    }
    if (ending != ".cert") continue;
    if (!has(stem + ".key")) return fail(in(path, complaint(fmt::format("there is no {}.key beside it", stem))));
    if (!found.client_certificate.empty()) continue;  // the first
    found.client_certificate = path;
    found.client_key = directory + "/" + stem + ".key";
  }
  return found;
}

Result<Certificates> certificates_for(const std::vector<std::string>& tops, const std::string& authority) {
  if (authority.starts_with('.')) return Certificates();  // no host, and no directory below
  for (const std::string& top : tops) {
    const std::string directory = top + "/" + authority;
    if (kernel::exists(directory)) return certificates_in(directory);
  }
  return Certificates();
}

HostAuthorities host_authorities() {
  HostAuthorities host{.file = environment("SSL_CERT_FILE"), .directory = environment("SSL_CERT_DIR")};
  if (!host.file.empty() || !host.directory.empty()) return host;
  const curl_version_info_data* curl = curl_version_info(CURLVERSION_NOW);
  if (curl->cainfo != nullptr) host.file = curl->cainfo;
  if (curl->capath != nullptr) host.directory = curl->capath;
  return host;
}

Result<std::string> authorities_text(const std::vector<std::string>& files) {
  std::vector<std::string> all = files;
  // A host without any of its own may still have those.
  if (const std::string file = host_authorities().file; !file.empty() && kernel::exists(file)) all.push_back(file);
  std::string text;
  for (const std::string& file : all) text += TRY(kernel::read_file(file, kMostOfAuthorities)) + "\n";
  return text;
}

}  // namespace caisson::registry
