// Running libexec/caisson/transfer, the program with the shared libraries, as a child.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "image/report.h"
#include "kernel/user_namespace.h"

namespace caisson::image {

/// Runs a verb of transfer and waits for it: `words` begin with the program's path. Its warnings are in `log` then;
/// what else it says is given back, an error included. `doing`: for the error where it was killed, "transfer was killed
/// by SIGKILL while it " and these words.
Result<Report> run_transfer(const std::vector<std::string>& words, const std::optional<kernel::IdMaps>& user_namespace,
                            const std::string& doing, const Log& log);

struct UnpackRequest {
  std::string transfer;               ///< path of the transfer program
  std::string store;                  ///< directory of the store; made if missing
  std::string tarball;                ///< path, or "-" for standard input
  std::optional<std::string> sha256;  ///< 64 hexadecimal digits: the only content that is accepted
  std::string uids = {};              ///< owners in the tarball → those it gets, "0:1:1000,…"; empty: the same
  std::string gids = {};
  std::optional<kernel::IdMaps> user_namespace = std::nullopt;  ///< unpacked as root of a new one
  bool progress = false;  ///< a bar on standard error, if that is a terminal and it takes longer than half a second
};

/// Has the tarball unpacked into the store, unless it is there already, and waits for it. What could not be kept (a
/// device node for an ordinary user) is a warning in `log`. Errors: those of posix_spawn(3), transfer killed by a
/// signal, or what transfer says is wrong with the tarball, naming the file and the entry. Gives its digest, under
/// which the layer is found unless somebody has removed it again. Call find_layer first: it costs nothing.
Result<std::string> unpack_tarball(const UnpackRequest& request, const Log& log);

struct PullRequest {
  std::string transfer;  ///< path of the transfer program
  std::string root;      ///< caisson's: its images are in ROOT/images
  std::string source;    ///< as typed: a reference, or what image_source.h reads
  std::string platform;  ///< OS/ARCHITECTURE[/VARIANT]; empty: the host's
  std::string authfile;  ///< with credentials; empty: where they usually are
  bool verify_tls = true;
  bool quiet = false;  ///< no progress
};

/// Has the image brought into the store of images, under its name, and waits for it. Errors: what transfer says.
Result<ReportedImage> pull_image(const PullRequest& request, const Log& log);

struct ImageLayersRequest {
  std::string transfer;   ///< path of the transfer program
  std::string images;     ///< directory of the store of images: "STORE/images"
  std::string store;      ///< directory of the store of layers; made if missing
  std::string manifest;   ///< digest of the image's manifest
  std::string uids = {};  ///< as in UnpackRequest, and so on
  std::string gids = {};
  std::optional<kernel::IdMaps> user_namespace = std::nullopt;
  bool progress = false;
};

/// Has all layers of an image unpacked into the store, unless they are there already, and waits for it;
/// find_image_layers() knows them then. Errors as for a tarball, and: a size, digest or DiffID is not what it should
/// be. Call find_image_layers() first.
Result<> unpack_image(const ImageLayersRequest& request, const Log& log);

}  // namespace caisson::image
