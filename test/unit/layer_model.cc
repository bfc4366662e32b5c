#include "layer_model.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace caisson::image {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> directories_above(const std::string& path) {
  std::vector<std::string> above;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    above.push_back(path.substr(0, slash));
  }
  return above;
}

// Lines from nodes by path, whose names of one file have one `file`.
std::vector<std::string> lines_of(const std::map<std::string, ModelNode>& nodes) {
  std::map<int, std::string> first;
  std::vector<std::string> lines;
  for (const auto& [path, node] : nodes) {
    std::string line = path + " " + node.kind + " " + node.content;
    if (node.kind != 'd') line += " " + first.emplace(node.file, path).first->second;
    lines.push_back(line);
  }
  return lines;
}

struct stat status_of(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) status.st_mode = 0;
  return status;
}

ModelNode node_at(const std::string& path, const struct stat& status, std::map<std::pair<dev_t, ino_t>, int>& files) {
  const int number = static_cast<int>(files.size());
  ModelNode node{
      .kind = 'f', .file = files.emplace(std::pair(status.st_dev, status.st_ino), number).first->second, .content = {}};
  if (S_ISDIR(status.st_mode)) {
    node.kind = 'd';
  } else if (S_ISLNK(status.st_mode)) {
    node.kind = 'l';
    node.content = fs::read_symlink(path);
  } else {
    std::ifstream in(path);
    node.content.assign(std::istreambuf_iterator<char>(in), {});
  }
  return node;
}

// Adds what the directory `path` shows that is made of these, the uppermost first. One of them alone is read as it is:
// there a whiteout is listed, and is not there.
void show(const std::vector<std::string>& parts, const std::string& path, std::map<std::string, ModelNode>& nodes,
          std::map<std::pair<dev_t, ino_t>, int>& files) {
  std::set<std::string> names;
  for (const std::string& part : parts) {
    for (const auto& found : fs::directory_iterator(part)) names.insert(found.path().filename());
  }
  for (const std::string& name : names) {
    const std::string shown = path.empty() ? name : path + "/" + name;
    std::vector<std::string> below;
    for (const std::string& part : parts) {
      const std::string here = part + "/" + name;
      const struct stat status = status_of(here);
      if (status.st_mode == 0) continue;
      const bool is_whiteout = S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
      if (is_whiteout && parts.size() == 1)
        nodes[shown] = {.kind = '?', .file = -1, .content = "a whiteout that is listed"};
      if (!is_whiteout && below.empty()) nodes[shown] = node_at(here, status, files);
      if (!S_ISDIR(status.st_mode)) break;
      below.push_back(here);
    }
    if (!below.empty() && nodes[shown].kind == 'd') show(below, shown, nodes, files);
  }
}

}  // namespace

bool LayerModel::takes(const std::string& path) const {
  for (const std::string& above : directories_above(path)) {
    if (own_.contains(above) && nodes_.at(above).kind != 'd') return false;
  }
  return true;
}

void LayerModel::put(const std::string& path, ModelNode node) {
  for (const std::string& above : directories_above(path)) {
    if (!nodes_.contains(above) || nodes_.at(above).kind != 'd') {
      remove_below(above, {});
      nodes_[above] = {.kind = 'd', .file = 0, .content = {}};
    }
    own_.insert(above);
  }
  const bool stays = node.kind == 'd' && nodes_.contains(path) && nodes_.at(path).kind == 'd';
  if (!stays) remove_below(path, {});
  nodes_[path] = std::move(node);
  own_.insert(path);
}

void LayerModel::directory(const std::string& path) { put(path, {.kind = 'd', .file = 0, .content = {}}); }
void LayerModel::file(const std::string& path, const std::string& content) {
  put(path, {.kind = 'f', .file = ++files_, .content = content});
}
void LayerModel::symbolic_link(const std::string& path, const std::string& target) {
  put(path, {.kind = 'l', .file = ++files_, .content = target});
}

void LayerModel::hard_link(const std::string& path, const std::string& target) {
  ModelNode node = nodes_.at(target);
  if (!own_.contains(target) && linked_.insert(target).second) {
    nodes_.at(target).file = node.file = ++files_;  // a copy: its other names below keep the old one
  }
  put(path, node);
}

// Of a directory that the layer has too, what it has not.
void LayerModel::whiteout(const std::string& path) {
  if (!nodes_.contains(path)) return;
  if (own_.contains(path) && nodes_.at(path).kind != 'd') return;
  remove_below(path, own_);
  if (!own_.contains(path)) nodes_.erase(path);
}

void LayerModel::opaque(const std::string& path) {
  if (path.empty() || (nodes_.contains(path) && nodes_.at(path).kind == 'd')) remove_below(path, own_);
}

void LayerModel::remove_below(const std::string& path, const std::set<std::string>& kept) {
  const std::string prefix = path.empty() ? "" : path + "/";
  std::erase_if(nodes_, [&](const auto& node) {
    const bool goes = node.first.starts_with(prefix) && !kept.contains(node.first);
    return goes;
  });
  if (kept.empty()) std::erase_if(own_, [&](const std::string& own) { return own.starts_with(prefix); });
}

std::vector<std::string> LayerModel::lines() const { return lines_of(nodes_); }

std::vector<std::string> shown_by(const std::vector<std::string>& trees) {
  std::map<std::string, ModelNode> nodes;
  std::map<std::pair<dev_t, ino_t>, int> files;
  show(trees, "", nodes, files);
  return lines_of(nodes);
}

}  // namespace caisson::image
