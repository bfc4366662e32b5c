// Descriptors as JSON, for the readers and writers of the documents that they stand in.
#pragma once

#include "image/descriptor.h"
#include "image/document.h"
#include "spec/fields.h"

namespace caisson::image {

/// Reads and checks a descriptor; what else stands in it is passed over.
void read_descriptor(spec::Fields& fields, Descriptor& descriptor);

Json descriptor_json(const Descriptor& descriptor);

/// The members of a platform, in a descriptor as in an image's config.
void read_platform(spec::Fields& fields, Platform& platform);
void write_platform(const Platform& platform, Json& members);

/// Reads a string that has to be there and that `check` takes; its error is noted.
template <class Check>
void require_checked(spec::Fields& fields, std::string_view key, std::string& target, Check check) {
  const std::string unread(1, '\0');  // which no string is that was read
  target = unread;
  fields.require(key, target);
  if (target == unread) return;
  if (const Result<> checked = check(target); !checked) fields.error(key, checked.error().operand);
}

}  // namespace caisson::image
