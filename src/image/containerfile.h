// What a Containerfile (Dockerfile) is made from. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caisson::image {

/// The images that FROM and COPY --from name, each once: no stages of the same file, nothing with a variable in it that
/// an ARG before the first FROM does not give, not "scratch".
std::vector<std::string> images_in_containerfile(std::string_view text);

}  // namespace caisson::image
