#include "image/chain_step.h"

#include "image/digest.h"

namespace caisson::image {

Result<std::string> chain_id(std::string_view below, std::string_view diff_id) {
  if (below.empty()) return std::string(diff_id);
  return digest_of(std::string(below) + " " + std::string(diff_id));
}

}  // namespace caisson::image
