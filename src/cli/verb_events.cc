#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/moment.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/events.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct EventFilter {
  std::string key;
  std::string value;
};

constexpr std::array kFilterKeys = {
    std::string_view("container"), std::string_view("event"), std::string_view("image"), std::string_view("label"),
    std::string_view("network"),   std::string_view("type"),  std::string_view("volume")};

struct EventsOptions {
  std::string format;
  bool stream = true;
  engine::EventQuery query;
  std::vector<EventFilter> filters;
};

// What docker and podman call some of them.
std::string action_word(std::string_view word) {
  if (word == "destroy" || word == "delete") return "remove";
  return std::string(word == "died" ? "die" : word);
}

Result<> add_filter(EventsOptions& options, const Use& use) {
  const Cut parts = cut(use.value, '=');
  if (!parts.tail) return fail(complaint(fmt::format("'{}' is no filter: KEY=VALUE is", use.value)));
  if (std::ranges::find(kFilterKeys, parts.head) == kFilterKeys.end()) {
    return fail(
        complaint(fmt::format("'{}' is no filter for events: {} are", parts.head, fmt::join(kFilterKeys, ", "))));
  }
  options.filters.push_back({std::string(parts.head), std::string(*parts.tail)});
  return {};
}

const Option<EventsOptions> kOptions[] = {
    {{"filter", 'f', "KEY=VALUE", {}, "Those alone of a container, event, image, label, network, type or volume", true},
     add_filter},
    {{"format", 0, "FORMAT", {}, "json, or a template: '{{.Time}} {{.Action}} {{.Actor.Attributes.name}}'"},
     [](EventsOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"since", 0, "TIME", {}, "From this moment on (default now): RFC 3339, seconds since 1970, or a duration ago"},
     [](EventsOptions& options, const Use& use) -> Result<> {
       return options.query.since_ns = TRY(parse_moment(use.value)), Result<>();
     }},
    {{"stream", 0, {}, {}, "Go on with what happens (default); --stream=false ends with what has"},
     [](EventsOptions& options, const Use& use) -> Result<> {
       return options.stream = use.value == "true", Result<>();
     }},
    {{"no-stream", 0, {}, {}, "The same as --stream=false"},
     [](EventsOptions& options, const Use& use) -> Result<> {
       return options.stream = use.value != "true", Result<>();
     }},
    {{"until", 0, "TIME", {}, "Up to this moment, and end then"},
     [](EventsOptions& options, const Use& use) -> Result<> {
       return options.query.until_ns = TRY(parse_moment(use.value)), Result<>();
     }},
};

std::string text_at(const Json& event, const char* pointer) {
  const Json::json_pointer path(pointer);
  return event.contains(path) && event[path].is_string() ? event[path].get<std::string>() : std::string();
}

bool passes(const EventFilter& filter, const Json& event) {
  const std::string type = text_at(event, "/Type");
  const std::string id = text_at(event, "/Actor/ID");
  const std::string name = text_at(event, "/Actor/Attributes/name");
  const auto is_of = [&] { return id == filter.value || name == filter.value; };
  if (filter.key == "type") return type == filter.value;
  if (filter.key == "event") {
    const std::string action = text_at(event, "/Action");
    return action == filter.value || cut(action, ':').head == action_word(filter.value);
  }
  if (filter.key == "container")
    return type == "container" && (is_of() || (filter.value.size() >= 12 && id.starts_with(filter.value)));
  if (filter.key == "image")
    return type == "image" ? is_of() : text_at(event, "/Actor/Attributes/image") == filter.value;
  if (filter.key == "label") {
    const Cut parts = cut(filter.value, '=');
    const Json attributes = event.value(Json::json_pointer("/Actor/Attributes"), Json::object());
    const auto found = attributes.find(std::string(parts.head));
    return found != attributes.end() && (!parts.tail || *found == std::string(*parts.tail));
  }
  return type == filter.key && is_of();
}

// One of a key's values is enough; of labels all are needed.
bool pass(const std::vector<EventFilter>& filters, const Json& event) {
  return std::ranges::all_of(filters, [&](const EventFilter& filter) {
    if (filter.key == "label") return passes(filter, event);
    return std::ranges::any_of(
        filters, [&](const EventFilter& other) { return other.key == filter.key && passes(other, event); });
  });
}

// What templates may ask for: docker's fields, and podman's.
Json fields_of(const Json& event) {
  const Json actor = event.value("Actor", Json::object());
  const Json attributes = actor.value("Attributes", Json::object());
  return {{"Type", event.value("Type", "")},
          {"Action", event.value("Action", "")},
          {"Status", event.value("Action", "")},
          {"Actor", actor},
          {"ID", actor.value("ID", "")},
          {"Name", attributes.value("name", "")},
          {"Image", attributes.value("image", "")},
          {"From", event.value("from", "")},
          {"Attributes", attributes},
          {"ContainerExitCode", attributes.value("exitCode", "")},
          {"Scope", event.value("scope", "")},
          {"Time", event.value("time", std::int64_t{0})},
          {"TimeNano", event.value("timeNano", std::int64_t{0})}};
}

// "2026-11-23T13:09:47.123456789Z container start ID (image=busybox, name=web)"
std::string line_of(const Json& event) {
  std::vector<std::string> words;
  const Json attributes = event.value(Json::json_pointer("/Actor/Attributes"), Json::object());
  for (const auto& [name, value] : attributes.items()) {
    if (value.is_string()) words.push_back(name + "=" + value.get<std::string>());
  }
  std::ranges::sort(words);
  return fmt::format("{} {} {} {} ({})\n", rfc3339(event.value("timeNano", std::int64_t{0})), text_at(event, "/Type"),
                     text_at(event, "/Action"), text_at(event, "/Actor/ID"), join(words, ", "));
}

Result<> print_events(const Command& command, const EventsOptions& options) {
  const Format format = TRY(Format::read(options.format));
  return engine::read_events(command.places, options.query, [&](const Json& event) -> Result<bool> {
    if (!pass(options.filters, event)) return true;
    const std::string text = options.format.empty()     ? line_of(event)
                             : options.format == "json" ? TRY(format.object(event))
                                                        : TRY(format.object(fields_of(event)));
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? Result<bool>(true) : fail(os_error("write", "standard output"));
  });
}

}  // namespace

Manual events_manual() {
  return {"[OPTION…]", "Shows what happens to containers, images and volumes, as it happens.", spellings(kOptions)};
}

int verb_events(const Command& command) {
  EventsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: events takes options alone", parsed->operands[0])));
  options.query.follow = options.stream;
  if (options.stream && !options.query.since_ns) options.query.since_ns = now_nanoseconds();
  const Result<> printed = print_events(command, options);
  return printed ? 0 : refuse(command, printed.error());
}

}  // namespace caisson::cli
