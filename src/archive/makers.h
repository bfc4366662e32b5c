// The destinations of one form each, for destinations.cc.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "image/image_source.h"
#include "transport/destination.h"

namespace caisson::archive {

using DestinationResult = Result<std::unique_ptr<transport::Destination>>;

DestinationResult layout_destination(const image::ImageSource& place, const std::string& spool);
DestinationResult docker_destination(const image::ImageSource& place, const std::string& spool);
DestinationResult directory_destination(const image::ImageSource& place);

}  // namespace caisson::archive
