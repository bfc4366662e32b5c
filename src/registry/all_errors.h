// Several places were asked in vain.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace caisson::registry {

/// What all of them said, in one error; that of one is its own. There is at least one.
inline Error all_of(const std::vector<Error>& errors) {
  if (errors.size() == 1) return errors.front();
  std::vector<std::string> texts;
  for (const Error& error : errors) texts.push_back(error.text());
  return complaint(join(texts, "; "), errors.back().hint);
}

}  // namespace caisson::registry
