#include "image/chain_id.h"

namespace caisson::image {

Result<std::vector<std::string>> chain_ids(const std::vector<std::string>& diff_ids, const DigestOf& digest_of) {
  std::vector<std::string> ids;
  for (const std::string& diff_id : diff_ids) {
    ids.push_back(ids.empty() ? diff_id : TRY(digest_of(ids.back() + " " + diff_id)));
  }
  return ids;
}

}  // namespace caisson::image
