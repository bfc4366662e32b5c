#include "image/chain_id.h"

namespace caisson::image {

Result<std::string> chain_id(std::string_view below, std::string_view diff_id, const DigestOf& digest_of) {
  if (below.empty()) return std::string(diff_id);
  return digest_of(std::string(below) + " " + std::string(diff_id));
}

Result<std::vector<std::string>> chain_ids(const std::vector<std::string>& diff_ids, const DigestOf& digest_of) {
  std::vector<std::string> ids;
  for (const std::string& diff_id : diff_ids)
    ids.push_back(TRY(chain_id(ids.empty() ? "" : ids.back(), diff_id, digest_of)));
  return ids;
}

}  // namespace caisson::image
