#include "engine/buildah.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "engine/short_names.h"
#include "image/containerfile.h"
#include "image/host_platform.h"
#include "image/image_store.h"
#include "image/store_names.h"
#include "image/stored_image.h"
#include "image/transfer_child.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr std::size_t kIdBytes = 4096;

// Removed with all that is in it.
class Scratch {
 public:
  static Result<Scratch> make(const Places& places) {
    const std::string parent = places.root + "/build";
    TRY(kernel::make_directories(parent, 0700));
    std::string path = parent + "/tmp.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return fail(os_error("mkdtemp", path));
    return Scratch(std::move(path));
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!path_.empty()) (void)kernel::remove_tree(path_);
  }
  std::string operator/(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class Buildah {
 public:
  explicit Buildah(const Places& places)
      : storage_({"buildah", "--root", places.root + "/build/storage", "--runroot", places.runroot + "/build"}) {}

  // Runs it to its end; what it prints goes where `output` is.
  Result<> run(const std::vector<std::string>& words, int output = STDERR_FILENO) const {
    std::vector<std::string> all = storage_;
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, "buildah", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
      return fail(complaint("buildah is not installed: it is what builds images", "apt-get install buildah"));
    if (error != 0) return fail(Error{.call = "posix_spawn", .number = error, .operand = "buildah"});
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
      if (errno != EINTR) return fail(os_error("waitpid", "buildah"));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return fail(complaint(WIFSIGNALED(status)
                              ? fmt::format("buildah {} was killed by signal {}", words[0], WTERMSIG(status))
                              : fmt::format("buildah {} ended with status {}", words[0], WEXITSTATUS(status))));
  }

  // The same, for the one line that it prints.
  Result<std::string> ask(const std::vector<std::string>& words) const {
    kernel::Pipe pipe = TRY(kernel::make_pipe());
    const Result<> ran = run(words, pipe.write.get());
    pipe.write = Fd();
    std::string line = TRY(kernel::read_all(pipe.read.get(), "buildah", kIdBytes));
    TRY(ran);
    return line.substr(0, line.find('\n'));
  }

 private:
  std::vector<std::string> storage_;
};

// What the store has of the images that the build begins with: buildah looks in its own storage, and then in
// registries.
Result<> give_bases(const Places& places, const Buildah& buildah, const std::string& containerfile,
                    const Scratch& scratch, const Log& log) {
  const image::ImageStore store = TRY(image::ImageStore::open(places.root + "/images"));
  const auto fitting = image::fitting_host(image::host_platform());
  for (const std::string& typed : image::images_in_containerfile(containerfile)) {
    const auto image = image::find_image(store, typed, fitting, short_names(places));
    if (!image || !*image || (*image)->names.empty()) continue;
    // In an archive, since buildah makes a name of the path of a layout.
    const std::string archive = "oci-archive:" + scratch / "base";
    const image::Report saved =
        TRY(image::run_transfer({places.libexec + "/transfer", "save", "--report", "--root", places.root, "--quiet",
                                 "--", archive, (*image)->names.front()},
                                std::nullopt, "gave " + typed + " to buildah", log));
    TRY(saved.digest);
    const std::string id = TRY(buildah.ask({"pull", "--quiet", archive}));
    TRY(buildah.run({"tag", id, typed}));
  }
  return {};
}

Result<std::string> into_store(const Places& places, const Buildah& buildah, const BuildRequest& request,
                               const Scratch& scratch, const std::string& built, const Log& log) {
  const std::string name = request.names.empty() ? "" : ":" + request.names.front();
  const std::string layout = fmt::format("oci:{}{}", scratch / "image", name);
  TRY(buildah.run({"push", "--quiet", built, layout}));
  std::vector<std::string> words = {places.libexec + "/transfer", "pull", "--report", "--root", places.root};
  if (request.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), {"--", layout});
  const image::Report report = TRY(image::run_transfer(words, std::nullopt, "read what was built", log));
  TRY(report.digest);
  if (report.images.size() != 1) return fail(complaint("buildah built no image"));
  const image::ReportedImage& image = report.images[0];
  const image::ImageStore store = TRY(image::ImageStore::create(places.root + "/images"));
  const auto found = TRY(image::find_image(store, image.manifest, image::fitting_host(image::host_platform())));
  for (const std::string& other : request.names) {
    if (found) TRY(image::set_name(store, other, found->manifest_descriptor));
  }
  return image.id;
}

}  // namespace

Result<std::string> build_with_buildah(const Places& places, const BuildRequest& request, const Log& log) {
  const Scratch scratch = TRY(Scratch::make(places));
  const Buildah buildah(places);
  TRY(give_bases(places, buildah, request.containerfile, scratch, log));
  const std::string runtime = places.program.substr(0, places.program.rfind('/')) + "/caisson-oci";
  std::vector<std::string> words = {
      "build", "--runtime", runtime, "--runtime-flag", "root=" + scratch / "runtime", "--iidfile", scratch / "id"};
  if (!request.pulls) words.emplace_back("--pull=false");
  if (request.quiet) words.emplace_back("--quiet");
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  TRY(buildah.run(words));
  const std::string id = TRY(kernel::read_file(scratch / "id", kIdBytes));
  const std::string built = id.substr(0, id.find('\n'));
  Result<std::string> image = into_store(places, buildah, request, scratch, built, log);
  const Fd nowhere = TRY(kernel::open_file("/dev/null", O_WRONLY));
  (void)buildah.run({"rmi", "--force", built}, nowhere.get());  // it is in the store now
  return image;
}

}  // namespace caisson::engine
