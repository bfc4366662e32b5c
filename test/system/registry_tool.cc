// Registries at work, for test/system/registry.bats.
//
//     system_registry OPTION… pull NAME LAYOUT          into an OCI layout; a partial blob there is gone on with
//     system_registry OPTION… push LAYOUT NAME [HOLDER…]  the first image of an OCI layout; HOLDERs may have its blobs
//     system_registry OPTION… login REGISTRY USER       the password on standard input
//     system_registry OPTION… logout REGISTRY | logout-all
//     system_registry OPTION… user NAME                 who one is there
//
// OPTIONs: --tls-verify=BOOL, --cert-dir DIR, --authfile FILE, --tries N, --stall SECONDS, --connect MILLISECONDS
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/manifest_kind.h"
#include "kernel/files.h"
#include "registry/files.h"
#include "registry/find_credentials.h"
#include "registry/login.h"
#include "registry/registry_destination.h"
#include "registry/registry_source.h"

namespace {

using namespace caisson;
using registry::Options;

using Words = std::vector<std::string>;

std::string blob_path(const std::string& layout, const std::string& digest) {
  return layout + "/blobs/sha256/" + std::string(image::hex_of(digest));
}

Result<> check_content(const std::string& path, const image::Descriptor& blob) {
  const Fd file = TRY(kernel::open_file(path, O_RDONLY));
  image::Sha256 hash = TRY(image::Sha256::start());
  std::vector<char> buffer(64U << 10);
  std::int64_t size = 0;
  while (const ssize_t got = ::read(file.get(), buffer.data(), buffer.size())) {
    if (got < 0) return fail(os_error("read", path));
    hash.update({buffer.data(), static_cast<std::size_t>(got)});
    size += got;
  }
  const std::string digest = TRY(hash.digest());
  if (digest == blob.digest && size == blob.size) return {};
  return fail(in(blob.digest, complaint(fmt::format("the content has another digest, {}", digest))));
}

class FileSink : public transport::Sink {
 public:
  explicit FileSink(int file) : file_(file) {}
  Result<> write(std::string_view bytes) override { return kernel::write_all(file_, bytes, "blob"); }
  Result<> restart() override {
    if (::ftruncate(file_, 0) != 0 || ::lseek(file_, 0, SEEK_SET) != 0) return fail(os_error("ftruncate", "blob"));
    std::puts("restarted");
    return {};
  }

 private:
  int file_;
};

Result<> pull_blob(transport::Source& source, const std::string& layout, const image::Descriptor& blob) {
  const std::string path = blob_path(layout, blob.digest);
  const std::string partial = path + ".partial";
  if (kernel::exists(path)) return {};
  const Fd file = TRY(kernel::open_file(partial, O_RDWR | O_CREAT, 0644));
  const off_t length = ::lseek(file.get(), 0, SEEK_END);
  if (length > 0) std::printf("from %lld\n", static_cast<long long>(length));
  FileSink sink(file.get());
  TRY(source.blob(blob, length, sink));
  TRY(check_content(partial, blob));
  if (::rename(partial.c_str(), path.c_str()) != 0) return fail(os_error("rename", path));
  return {};
}

Result<> pull_document(transport::Source& source, const std::string& layout, const transport::Document& document) {
  const std::string digest = TRY(image::digest_of(document.bytes));
  TRY(kernel::replace_file(blob_path(layout, digest), document.bytes));
  const image::ManifestOrIndex either = TRY(image::read_manifest_or_index(document.bytes, document.media_type));
  if (const auto* index = std::get_if<image::Index>(&either)) {
    for (const image::Descriptor& one : index->manifests) {
      TRY(pull_document(source, layout, TRY(source.document(one))));
      TRY(check_content(blob_path(layout, one.digest), one));
    }
    return {};
  }
  const auto& manifest = std::get<image::Manifest>(either);
  std::vector<image::Descriptor> blobs = manifest.layers;
  blobs.push_back(manifest.config);
  std::mutex mutex;
  Result<> all;
  {
    std::vector<std::jthread> threads;
    for (const image::Descriptor& blob : blobs) {
      threads.emplace_back([&source, &layout, &mutex, &all, blob] {
        Result<> one = pull_blob(source, layout, blob);
        const std::lock_guard lock(mutex);
        if (!one) all = std::move(one);
      });
    }
  }
  return all;
}

Result<std::string> pull(const Options& options, const std::string& name, const std::string& layout) {
  const auto source = TRY(registry::RegistrySource::open(name, options));
  const transport::Document top = TRY(source->top());
  TRY(kernel::make_directories(layout + "/blobs/sha256"));
  TRY(pull_document(*source, layout, top));
  const image::ManifestOrIndex either = TRY(image::read_manifest_or_index(top.bytes, top.media_type));
  image::Descriptor descriptor{.media_type = std::visit([](const auto& one) { return one.media_type; }, either),
                               .digest = TRY(image::digest_of(top.bytes)),
                               .size = static_cast<std::int64_t>(top.bytes.size())};
  descriptor.annotations[std::string(image::kRefName)] = source->text();
  const image::Index index{.media_type = "application/vnd.oci.image.index.v1+json", .manifests = {descriptor}};
  TRY(kernel::replace_file(layout + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
  TRY(kernel::replace_file(layout + "/index.json", image::write_index(index)));
  return source->text() + " " + descriptor.digest;
}

Result<> push_blob(transport::Destination& destination, const std::string& layout, const image::Descriptor& blob) {
  if (TRY(destination.has(blob))) return {};
  const Fd file = TRY(kernel::open_file(blob_path(layout, blob.digest), O_RDONLY));
  return destination.put_blob(blob, file.get());
}

Result<> push_document(transport::Destination& destination, const std::string& layout,
                       const image::Descriptor& document, const Words& names) {
  const std::string bytes = TRY(kernel::read_file(blob_path(layout, document.digest)));
  const image::ManifestOrIndex either = TRY(image::read_manifest_or_index(bytes, document.media_type));
  if (const auto* index = std::get_if<image::Index>(&either)) {
    for (const image::Descriptor& one : index->manifests) TRY(push_document(destination, layout, one, {}));
  } else {
    const auto& manifest = std::get<image::Manifest>(either);
    for (const image::Descriptor& layer : manifest.layers) TRY(push_blob(destination, layout, layer));
    TRY(push_blob(destination, layout, manifest.config));
  }
  return destination.put_document(document, bytes, names);
}

Result<std::string> push(const Options& options, const std::string& layout, const Words& words) {
  const auto destination = TRY(registry::RegistryDestination::open(words[0], options));
  std::vector<image::Reference> holders;
  for (std::size_t i = 1; i < words.size(); ++i) holders.push_back(TRY(image::parse_reference(words[i])));
  destination->set_holders([&](const image::Descriptor&) { return holders; });
  const image::Index index = TRY(image::read_index(TRY(kernel::read_file(layout + "/index.json"))));
  TRY(push_document(*destination, layout, index.manifests.at(0), {destination->text()}));
  TRY(destination->finish());
  return destination->text() + " " + index.manifests.at(0).digest;
}

Result<std::string> act(const Options& options, const Words& words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "pull" && words.size() == 3) return pull(options, words[1], words[2]);
  if (verb == "push" && words.size() >= 3) return push(options, words[1], {words.begin() + 2, words.end()});
  if (verb == "login" && words.size() == 3) {
    const std::string input = TRY(kernel::read_all(STDIN_FILENO, "the password"));
    const std::string password(cut(input, '\n').head);
    return registry::login(TRY(registry::login_key(words[1])), {.user = words[2], .password = password}, options);
  }
  if (verb == "logout" && words.size() == 2) return registry::logout(TRY(registry::login_key(words[1])), options);
  if (verb == "logout-all") return join(TRY(registry::logout_of_all(options)), " ");
  if (verb == "user" && words.size() == 2) {
    const auto conf = TRY(registry::read_registries_conf());
    const auto found = TRY(registry::find_credentials(options, conf, words[1]));
    return found ? found->user + (found->identity_token.empty() ? "" : " by token") : std::string("nobody");
  }
  return fail(complaint("usage: see test/system/registry_tool.cc"));
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  Words words(argv + 1, argv + argc);
  Options options;
  options.limits.first_wait_ms = 20;
  options.warn = [](std::string_view warning) { fmt::print(stderr, "warning: {}\n", warning); };
  for (std::size_t used = 1; !words.empty() && words[0].starts_with("--");
       words.erase(words.begin(), words.begin() + static_cast<long>(used))) {
    used = 2;
    const std::string value = words.size() > 1 ? words[1] : "";
    const auto number = static_cast<int>(parse_unsigned(value).value_or(0));
    if (words[0].starts_with("--tls-verify=")) {
      options.tls_verify = words[0].ends_with("true");
      used = 1;
    } else if (words[0] == "--cert-dir") {
      options.certificates = value;
    } else if (words[0] == "--authfile") {
      options.auth_file = value;
    } else if (words[0] == "--tries") {
      options.limits.tries = number;
    } else if (words[0] == "--stall") {
      options.limits.stall_timeout_s = number;
    } else if (words[0] == "--connect") {
      options.limits.connect_timeout_ms = number;
    } else {
      return 2;
    }
  }
  const Result<std::string> said = act(options, words);
  if (!said) {
    std::fprintf(stderr, "error: %s\n", said.error().text().c_str());
    if (!said.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", said.error().hint.c_str());
    return 1;
  }
  std::printf("%s\n", said->c_str());
  return 0;
}
