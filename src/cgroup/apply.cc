#include "cgroup/apply.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

Result<> write_to(const std::string& path, const std::string& value) {
  const Fd file = TRY(kernel::open_file(path, O_WRONLY));
  return kernel::write_all(file.get(), value, path);
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const Result<std::string> text = kernel::read_file(path);
  return text ? parse_unsigned(cut(*text, '\n').head) : std::nullopt;
}

// A line for each device ("8:0 rbps=1 wbps=max …") is changed for one, which may have had none.
std::string former_line(std::string_view content, std::string_view value) {
  const std::string_view device = cut(value, ' ').head;
  const std::string key(cut(cut(value, ' ').tail.value_or(""), '=').head);
  for (const std::string_view line : split(content, '\n')) {
    if (cut(line, ' ').head != device) continue;
    if (value.find('=') == std::string_view::npos) return std::string(line);
    for (const std::string_view pair : split(line, ' ')) {
      if (cut(pair, '=').head == key && cut(pair, '=').tail) return fmt::format("{} {}", device, pair);
    }
  }
  return fmt::format("{} {}", device, value.find('=') == std::string_view::npos ? "0" : key + "=max");
}

bool is_by_device(std::string_view value) {
  const std::string_view first = cut(value, ' ').head;
  const Cut numbers = cut(first, ':');
  return numbers.tail && parse_unsigned(numbers.head) && parse_unsigned(*numbers.tail);
}

struct Former {
  std::string path;
  std::string value;
};

std::optional<Former> former(const std::string& path, const std::string& value) {
  const Result<std::string> content = kernel::read_file(path);
  if (!content) return std::nullopt;
  if (is_by_device(value)) return Former{path, former_line(*content, value)};
  std::string text = *content;
  while (text.ends_with('\n')) text.pop_back();
  // "default 100" and lines of devices, of which the first was changed.
  if (value.starts_with("default ")) text.resize(std::min(text.find('\n'), text.size()));
  return Former{path, text};
}

// Makes one change; what was there before is added to `undo`.
Result<> make(const Change& change, std::vector<Former>& undo) {
  std::optional<Former> before = former(change.path, change.value);
  Result<> made = write_to(change.path, change.value);
  if (!made && made.error().number == ENOENT && !change.other_path.empty()) {
    before = former(change.other_path, change.other_value);
    made = write_to(change.other_path, change.other_value);
  }
  if (!made && made.error().number == ENOENT && change.may_be_missing) return {};
  if (made && before) undo.push_back(std::move(*before));
  return made;
}

bool may_do_later(int number) { return number == EINVAL || number == EBUSY || number == ERANGE; }

// Rounds over what is left, until a round gets nowhere.
Result<> make_all(std::vector<Change>& changes, std::vector<Former>& undo) {
  while (!changes.empty()) {
    std::optional<Error> refused;
    std::vector<Change> left;
    for (Change& change : changes) {
      if (Result<> made = make(change, undo); !made) {
        const bool later = may_do_later(made.error().number);
        if (!refused) refused = in(change.item, std::move(made).error());
        if (!later) return fail(std::move(*refused));
        left.push_back(std::move(change));
      }
    }
    const bool further = left.size() < changes.size();
    changes = std::move(left);
    if (!further) return fail(std::move(*refused));
  }
  return {};
}

void take_back(std::vector<Former> undo) {
  std::reverse(undo.begin(), undo.end());
  for (std::size_t before = undo.size() + 1; !undo.empty() && undo.size() < before;) {
    before = undo.size();
    std::erase_if(undo, [](const Former& former) { return write_to(former.path, former.value).has_value(); });
  }
}

// In runc's words, which callers look for.
Error explain(Error error, const std::vector<Change>& left) {
  if (error.number != EBUSY || !error.operand.ends_with("/memory.limit_in_bytes")) return error;
  const std::string directory = error.operand.substr(0, error.operand.rfind('/'));
  const auto change = std::find_if(left.begin(), left.end(), [&](const Change& c) { return c.path == error.operand; });
  const auto usage = number_in(directory + "/memory.usage_in_bytes");
  const auto peak = number_in(directory + "/memory.max_usage_in_bytes");
  if (change == left.end() || !usage || !peak) return error;
  return in(change->item, complaint(fmt::format("unable to set memory limit to {} (current usage: {}, peak usage: {})",
                                                change->value, *usage, *peak),
                                    "stop something in the container first, or choose a higher limit"));
}

}  // namespace

Result<> apply(std::vector<Change> changes, const std::function<Result<>()>& then) {
  std::vector<Former> undo;
  Result<> made = make_all(changes, undo);
  if (made && then) made = then();
  if (made) return {};
  Error error = explain(std::move(made).error(), changes);
  take_back(std::move(undo));
  return fail(std::move(error));
}

Result<> check_memory_usage(const std::string& directory, std::int64_t limit, std::int64_t memory_and_swap) {
  const std::optional<std::uint64_t> memory = number_in(directory + "/memory.current");
  if (!memory) return {};
  const std::uint64_t both = *memory + number_in(directory + "/memory.swap.current").value_or(0);
  if (memory_and_swap > 0 && static_cast<std::uint64_t>(memory_and_swap) <= both) {
    return fail(in("linux.resources.memory.swap",
                   complaint(fmt::format("rejecting memory+swap limit {} <= usage {}", memory_and_swap, both))));
  }
  if (limit > 0 && static_cast<std::uint64_t>(limit) <= *memory) {
    return fail(in("linux.resources.memory.limit",
                   complaint(fmt::format("rejecting memory limit {} <= usage {}", limit, *memory))));
  }
  return {};
}

}  // namespace caisson::cgroup
