// secret: create, exists, inspect, ls, rm.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/container_json.h"
#include "cli/names.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/secrets.h"
#include "engine/value_grammar.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct SecretOptions {
  std::map<std::string, std::string> labels;
  std::string format;
  std::vector<std::pair<std::string, std::string>> filters;  ///< of ls: name, id
  bool from_variable = false;
  bool replace = false;
  bool quiet = false;
  bool without_heading = false;
  bool show = false;
  bool all = false;
  bool ignore = false;
};

template <auto Member>
Result<> set_flag(SecretOptions& options, const Use& use) {
  return options.*Member = use.value == "true", Result<>();
}
Result<> set_format(SecretOptions& options, const Use& use) {
  return options.format = std::string(use.value), Result<>();
}

const Option<SecretOptions> kCreateOptions[] = {
    {{"driver", 'd', "DRIVER", {}, "file, which is the only one"},
     [](SecretOptions&, const Use& use) -> Result<> {
       if (use.value == "file") return {};
       return fail(complaint(fmt::format("there is no secret driver '{}': file is", use.value)));
     }},
    {{"env", 0, {}, {}, "What stands in place of a file is the name of a variable that holds it"},
     set_flag<&SecretOptions::from_variable>},
    {{"label", 'l', "NAME=VALUE", {}, "Put a label on it", true},
     [](SecretOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_label(use.value));
       options.labels[name] = value;
       return {};
     }},
    {{"replace", 0, {}, {}, "Take the place of one that is there"}, set_flag<&SecretOptions::replace>},
};
const Option<SecretOptions> kListOptions[] = {
    {{"filter", 'f', "KEY=VALUE", {}, "name=TEXT, id=PREFIX", true},
     [](SecretOptions& options, const Use& use) -> Result<> {
       const Cut parts = cut(use.value, '=');
       if (!parts.tail || (parts.head != "name" && parts.head != "id"))
         return fail(complaint(fmt::format("'{}' is no filter for secrets: name= and id= are", use.value)));
       options.filters.emplace_back(parts.head, *parts.tail);
       return {};
     }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Name}}'), or 'table TEMPLATE'"}, set_format},
    {{"noheading", 'n', {}, {}, "No line of headings"}, set_flag<&SecretOptions::without_heading>},
    {{"quiet", 'q', {}, {}, "Ids alone"}, set_flag<&SecretOptions::quiet>},
};
const Option<SecretOptions> kInspectOptions[] = {
    {{"format", 'f', "FORMAT", {}, "json, or a template ('{{.Spec.Name}}')"}, set_format},
    {{"showsecret", 0, {}, {}, "The content too"}, set_flag<&SecretOptions::show>},
};
const Option<SecretOptions> kRmOptions[] = {
    {{"all", 'a', {}, {}, "All secrets"}, set_flag<&SecretOptions::all>},
    {{"ignore", 'i', {}, {}, "One that is not there is no error"}, set_flag<&SecretOptions::ignore>},
};
const std::vector<Option<SecretOptions>> kExistsOptions;

Result<std::string> read_content(const SecretOptions& options, const std::string& from) {
  if (options.from_variable) {
    const char* value = std::getenv(from.c_str());
    if (value == nullptr) return fail(complaint(fmt::format("there is no variable {}", from)));
    return std::string(value);
  }
  if (from == "-") return kernel::read_all(STDIN_FILENO, "standard input", engine::kLargestSecret + 1);
  return kernel::read_file(from, engine::kLargestSecret + 1);
}

Result<std::string> create(const Command& command, const SecretOptions& options,
                           const std::vector<std::string>& operands) {
  if (operands.size() != 2)
    return fail(complaint("a name and a file are needed", "caisson secret create NAME (FILE|-)"));
  Result<std::string> content = read_content(options, operands[1]);
  if (!content && content.error().number == EFBIG)
    return fail(complaint(fmt::format("a secret has 1 to {} bytes", engine::kLargestSecret)));
  return TRY(engine::make_secret(command.places, operands[0], TRY(std::move(content)), options.labels,
                                 options.replace ? engine::Replace::kYes : engine::Replace::kNo))
      .id;
}

Manual create_manual() {
  return {"[OPTION…] NAME (FILE|-)\n--env [OPTION…] NAME VARIABLE", "Keeps a secret, and prints its id.",
          spellings(kCreateOptions)};
}

int verb_create(const Command& command) {
  SecretOptions options;
  int status = 0;
  const auto operands = read_words(command, kCreateOptions, options, status);
  if (!operands) return status;
  const Result<std::string> id = create(command, options, *operands);
  if (!id) return refuse(command, id.error());
  std::puts(id->c_str());
  return 0;
}

Manual exists_manual() {
  return {"NAME", "Exit status 0: the secret is there; 1: it is not.", spellings(kExistsOptions)};
}

int verb_exists(const Command& command) {
  SecretOptions options;
  int status = 0;
  const auto operands = read_words(command, kExistsOptions, options, status);
  if (!operands) return status;
  if (operands->size() != 1) return refuse(command, complaint("one name is needed"));
  return engine::find_secret(command.places, operands->front()) ? 0 : 1;
}

Result<Json> inspect_secret(const Command& command, const SecretOptions& options, const std::string& name) {
  const engine::Secret secret = TRY(engine::find_secret(command.places, name));
  Json object = {{"ID", secret.id},
                 {"CreatedAt", rfc3339(secret.created_ns)},
                 {"UpdatedAt", rfc3339(secret.created_ns)},
                 {"Spec",
                  {{"Name", secret.name},
                   {"Driver", {{"Name", "file"}, {"Options", Json::object()}}},
                   {"Labels", secret.labels}}}};
  if (options.show) object["SecretData"] = TRY(engine::secret_content(command.places, secret));
  return object;
}

Manual inspect_manual() {
  return {"[--showsecret] [-f FORMAT] NAME…", "Shows all that is known about secrets, but for what they are.",
          spellings(kInspectOptions)};
}

int verb_inspect(const Command& command) {
  SecretOptions options;
  int status = 0;
  const auto operands = read_words(command, kInspectOptions, options, status);
  if (!operands) return status;
  if (operands->empty()) return refuse(command, complaint("the name of a secret is missing"));
  return print_objects(command, *operands, options.format,
                       [&](const std::string& name) { return inspect_secret(command, options, name); });
}

Result<std::string> list(const Command& command, const SecretOptions& options) {
  std::vector<ListedRow> rows;
  for (const engine::Secret& secret : TRY(engine::list_secrets(command.places))) {
    const bool shown = std::ranges::all_of(options.filters, [&](const auto& filter) {
      return filter.first == "id" ? secret.id.starts_with(filter.second)
                                  : secret.name.find(filter.second) != std::string::npos;
    });
    if (!shown) continue;
    const std::string age = human_duration(now_nanoseconds() - secret.created_ns) + " ago";
    rows.push_back(
        {Json{{"ID", secret.id}, {"Name", secret.name}, {"Driver", "file"}, {"CreatedAt", age}, {"UpdatedAt", age}},
         secret.labels});
  }
  const Format format = TRY(Format::read(options.quiet ? "{{.ID}}" : options.format));
  return format.rows(rows,
                     {.table = {"ID", "Name", "Driver", "CreatedAt", "UpdatedAt"},
                      .headings = {{"CreatedAt", "CREATED"}, {"UpdatedAt", "UPDATED"}}},
                     options.without_heading ? Format::Heading::kNone : Format::Heading::kShown);
}

Manual ls_manual() { return {"[OPTION…]", "Lists secrets.", spellings(kListOptions)}; }

int verb_ls(const Command& command) {
  SecretOptions options;
  int status = 0;
  const auto operands = read_words(command, kListOptions, options, status);
  if (!operands) return status;
  if (!operands->empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: ls takes options alone", operands->front())));
  const Result<std::string> text = list(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

Result<std::string> remove(const Command& command, const std::string& name) {
  const engine::Secret secret = TRY(engine::find_secret(command.places, name));
  TRY(engine::remove_secret(command.places, secret));
  return secret.id;
}

Manual rm_manual() {
  return {"[-a] [-i] NAME…", "Removes secrets. Containers that run keep what they have of them.",
          spellings(kRmOptions)};
}

int verb_rm(const Command& command) {
  SecretOptions options;
  int status = 0;
  auto operands = read_words(command, kRmOptions, options, status);
  if (!operands) return status;
  if (options.all == !operands->empty())
    return refuse(command, complaint(options.all ? "-a goes without names" : "the name of a secret is missing"));
  if (options.all) {
    const auto secrets = engine::list_secrets(command.places);
    if (!secrets) return refuse(command, secrets.error());
    for (const engine::Secret& secret : *secrets) operands->push_back(secret.name);
  }
  for (const std::string& name : *operands) {
    const Result<std::string> id = remove(command, name);
    if (id) {
      std::puts(id->c_str());
    } else if (!options.ignore || engine::find_secret(command.places, name)) {
      refuse(command, id.error());
      status = 1;
    }
  }
  return status;
}

constexpr std::array kVerbs = {
    Verb{"create", "Keep a secret", verb_create, create_manual},
    Verb{"exists", "Say by the exit status whether there is a secret", verb_exists, exists_manual},
    Verb{"inspect", "Show all that is known about secrets", verb_inspect, inspect_manual},
    Verb{"ls", "List secrets", verb_ls, ls_manual},
    Verb{"rm", "Remove secrets", verb_rm, rm_manual},
    Verb{"list", "", verb_ls, ls_manual},
    Verb{"remove", "", verb_rm, rm_manual},
};

}  // namespace

std::span<const Verb> secret_verbs() { return kVerbs; }

}  // namespace caisson::cli
