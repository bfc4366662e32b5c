#include "engine/events.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/event_files.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

constexpr off_t kLargest = 1'000'000;

// The file becomes the one before, unless another has seen to that.
void rotate(const Places& places) {
  const Result<std::optional<Fd>> lock = kernel::lock_file(events_directory(places) + "/lock", kernel::Lock::kTry);
  if (!lock || !*lock) return;
  const auto status = kernel::status_of(events_file(places));
  if (status && status->st_size > kLargest) ::rename(events_file(places).c_str(), events_file_before(places).c_str());
}

Result<Fd> open_for_writing(const Places& places) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW;
  Result<Fd> file = kernel::open_file(events_file(places), kFlags, 0600);
  if (file || file.error().number != ENOENT) return file;
  TRY(kernel::make_directories(events_directory(places), 0700));
  return kernel::open_file(events_file(places), kFlags, 0600);
}

// docker's order of fields; read_events() finds the time at the beginning.
std::string line_of(const Event& event, std::int64_t now_ns) {
  std::string from;
  std::string attributes;
  for (const auto& [name, value] : event.attributes) {
    if (name == "image") from = value;
    attributes += fmt::format("{}{}:{}", attributes.empty() ? "" : ",", json_quote(name), json_quote(value));
  }
  return fmt::format(
      "{{\"timeNano\":{},\"time\":{},\"Type\":{},\"Action\":{},\"Actor\":{{\"ID\":{},\"Attributes\":{{{}}}}},"
      "\"scope\":\"local\",\"status\":{},\"id\":{}{}}}\n",
      now_ns, now_ns / 1'000'000'000, json_quote(event.type), json_quote(event.action), json_quote(event.id),
      attributes, json_quote(event.action), json_quote(event.id), from.empty() ? "" : ",\"from\":" + json_quote(from));
}

}  // namespace

std::string events_directory(const Places& places) { return places.root + "/events"; }
std::string events_file(const Places& places) { return events_directory(places) + "/events.log"; }
std::string events_file_before(const Places& places) { return events_file(places) + ".1"; }

Event image_event(std::string_view action, std::string id, const std::string& name) {
  Event event{.type = "image", .action = action, .id = std::move(id)};
  if (!name.empty()) event.attributes.emplace_back("name", name);
  return event;
}

void note_event(const Places& places, const Event& event) {
  const Result<Fd> file = open_for_writing(places);
  if (!file) return;
  const std::string line = line_of(event, now_nanoseconds());
  if (::write(file->get(), line.data(), line.size()) < 0) return;
  struct stat status{};
  if (::fstat(file->get(), &status) == 0 && status.st_size > kLargest) rotate(places);
}

void note_event(const Places& places, const Record& record, std::string_view action, Attributes more) {
  more.emplace_back("image", record.image && !record.image->name.empty() ? record.image->name : record.source);
  more.emplace_back("name", record.name);
  more.insert(more.end(), record.labels.begin(), record.labels.end());
  note_event(places, {.type = "container", .action = action, .id = record.id, .attributes = std::move(more)});
}

}  // namespace caisson::engine
