// Measures how long programs take to start a container and be done with it, turn by turn, so that a slow moment of the
// machine falls on all of them.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/text.h"
#include "contender.h"
#include "sample.h"

namespace caisson::bench {
namespace {

constexpr std::string_view kHelp =
    R"(usage: compare [OPTION]...

Runs `true` in a container by each contender that is installed, one after the other, again and again, and prints how
long a whole run took (in milliseconds, from before the fork until it was reaped) and its ratio to the floor. A root
filesystem is made of /bin/busybox (Debian's busybox-static) in a temporary directory. Needs root.

  -n, --rounds N    measured runs of each contender (200)
  --warm-up N       runs of each before that are not measured (5)
  --only A,B,...    only these contenders (--list names them)
  --json FILE       write everything, with all samples, to FILE as well
  --build DIR       where bin/caisson and bench/floor are (the directory above this program's)
  --list            print the contenders and exit
  --help            print this and exit

Exit status: 0; 1 if a run failed; 2 if the command line is wrong; 128 + the signal that ended it.
)";

struct Options {
  std::uint64_t rounds = 200;
  std::uint64_t warm_up = 5;
  std::vector<const Contender*> chosen = {};
  std::string json_file = {};
  std::filesystem::path build = {};
  bool wants_help = false;
  bool wants_list = false;
};

/// One contender that takes part, or did until it failed.
struct Entry {
  const Contender* contender;
  Launch launch;
  std::vector<Sample> samples = {};
};

struct LeftOut {
  std::string_view name;
  std::string why;
};

/// The signal that asks this process to end, if one has come; all are blocked but here.
std::optional<int> end_asked() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const timespec at_once{};
  const int signal = sigtimedwait(&signals, nullptr, &at_once);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

Result<std::vector<const Contender*>> choose(std::string_view names) {
  std::vector<std::string_view> known;
  for (const Contender& contender : contenders()) known.push_back(contender.name);
  std::vector<const Contender*> chosen;
  for (const std::string_view name : split(names, ',')) {
    const auto found = std::ranges::find(contenders(), name, &Contender::name);
    if (found == contenders().end()) {
      const auto meant = nearest(name, known);
      return fail(complaint(fmt::format("no contender is called '{}'", name),
                            meant ? fmt::format("did you mean '{}'?", *meant) : "see --list"));
    }
    chosen.push_back(&*found);
  }
  return chosen;
}

Result<std::uint64_t> positive(std::string_view option, std::string_view text) {
  const auto number = parse_unsigned(text);
  if (!number || *number == 0) return fail(complaint(fmt::format("{}: not a positive number: '{}'", option, text)));
  return *number;
}

Result<Options> parse(std::span<char*> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto [name, attached] = cut(arguments[i], '=');
    const auto value = [&]() -> Result<std::string_view> {
      if (attached) return *attached;
      if (i + 1 == arguments.size()) return fail(complaint(fmt::format("{} needs a value", name)));
      return std::string_view(arguments[++i]);
    };
    if (name == "--help" || name == "-h") {
      options.wants_help = true;
    } else if (name == "--list") {
      options.wants_list = true;
    } else if (name == "-n" || name == "--rounds") {
      const std::string_view number = TRY(value());
      options.rounds = TRY(positive(name, number));
    } else if (name == "--warm-up") {
      const std::string_view number = TRY(value());
      options.warm_up = TRY(positive(name, number));
    } else if (name == "--only") {
      const std::string_view names = TRY(value());
      options.chosen = TRY(choose(names));
    } else if (name == "--json") {
      options.json_file = TRY(value());
    } else if (name == "--build") {
      options.build = TRY(value());
    } else {
      return fail(complaint(fmt::format("unknown option '{}'", arguments[i]), "see --help"));
    }
  }
  if (options.chosen.empty())
    for (const Contender& contender : contenders()) options.chosen.push_back(&contender);
  return options;
}

// --- running -------------------------------------------------------------------------------------------------------

/// A whole comparison: its entries and those left out, and what they leave behind cleaned away at its end.
class Comparison {
 public:
  Comparison(Fixture fixture, Fd errors) : fixture_(std::move(fixture)), errors_(std::move(errors)) {}
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;
  ~Comparison() {
    for (const Entry& entry : entries_)
      if (entry.contender->clean != nullptr) entry.contender->clean(fixture_, entry.launch);
    std::error_code ignored;
    std::filesystem::remove_all(fixture_.directory, ignored);
  }

  /// Whoever is not installed, or cannot do one run, is left out.
  std::optional<int> prepare(const Options& options) {
    for (const Contender* contender : options.chosen) {
      auto launch = contender->prepare(fixture_);
      if (!launch) {
        left_out_.push_back({contender->name, launch.error().text()});
        continue;
      }
      entries_.push_back({.contender = contender, .launch = std::move(*launch)});
      for (std::uint64_t run = 0; run < options.warm_up; ++run) {
        auto sample = run_entry(entries_.back());
        if (const auto signal = end_asked()) return signal;
        if (sample) continue;
        left_out_.push_back({contender->name, sample.error().text()});
        if (contender->clean != nullptr) contender->clean(fixture_, entries_.back().launch);
        entries_.pop_back();
        break;
      }
    }
    return std::nullopt;
  }

  /// The rounds: A B C, B C A, C A B, … Gives the signal that ended them early, if one did.
  Result<std::optional<int>> measure(std::uint64_t rounds) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (std::size_t turn = 0; turn < entries_.size(); ++turn) {
        Entry& entry = entries_[(round + turn) % entries_.size()];
        auto sample = run_entry(entry);
        if (const auto signal = end_asked()) return signal;
        entry.samples.push_back(TRY_IN(fmt::format("{}, round {}", entry.contender->name, round + 1), sample));
      }
    }
    return std::nullopt;
  }

  std::span<const Entry> entries() const { return entries_; }
  std::span<const LeftOut> left_out() const { return left_out_; }

 private:
  Result<Sample> run_entry(const Entry& entry) {
    if (ftruncate(errors_.get(), 0) != 0) return fail(os_error("ftruncate", "standard error of a run"));
    const Sample sample = TRY(run_once(entry.launch, errors_));
    if (sample.status == 0) return sample;
    std::array<char, 400> said{};
    const ssize_t length = pread(errors_.get(), said.data(), said.size(), 0);
    const std::string_view words(said.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    const int code = WIFEXITED(sample.status) ? WEXITSTATUS(sample.status) : 128 + WTERMSIG(sample.status);
    return fail(complaint(fmt::format("exit status {}: {}", code, cut(words, '\n').head)));
  }

  Fixture fixture_;
  Fd errors_;
  std::vector<Entry> entries_;
  std::vector<LeftOut> left_out_;
};

// --- telling -------------------------------------------------------------------------------------------------------

/// What ratios are taken to: the floor, or the first if it takes no part.
const Entry& base_of(std::span<const Entry> entries) {
  const auto is_floor = [](const Entry& entry) { return entry.contender->name == "floor"; };
  const auto floor = std::ranges::find_if(entries, is_floor);
  return floor != entries.end() ? *floor : entries.front();
}

void print_table(std::span<const Entry> entries, std::span<const LeftOut> left_out) {
  if (!entries.empty()) {
    const Entry& base = base_of(entries);
    const double base_ms = summarise(base.samples).median_ms;
    fmt::print("{:<18}{:>8}{:>8}{:>8}{:>8}{:>9}{:>10}   {}\n", "ms", "min", "25 %", "median", "75 %", "max", "rss KiB",
               fmt::format("÷ {}", base.contender->name));
    for (const Entry& entry : entries) {
      const Summary all = summarise(entry.samples);
      fmt::print("{:<18}{:>8.2f}{:>8.2f}{:>8.2f}{:>8.2f}{:>9.2f}{:>10}{:>8.2f}\n", entry.contender->name, all.min_ms,
                 all.q1_ms, all.median_ms, all.q3_ms, all.max_ms, all.max_rss_kib, all.median_ms / base_ms);
    }
  }
  for (const LeftOut& one : left_out) fmt::print("{:<18}left out: {}\n", one.name, one.why);
}

Result<> write_json(const std::string& file, const Options& options, const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  utsname host{};
  uname(&host);
  Json document{{"kernel", host.release},
                {"processors", std::thread::hardware_concurrency()},
                {"rounds", options.rounds},
                {"warm_up", options.warm_up},
                {"ratios_to", base_of(comparison.entries()).contender->name},
                {"contenders", Json::array()},
                {"left_out", Json::array()}};
  const double base_ms = summarise(base_of(comparison.entries()).samples).median_ms;
  for (const Entry& entry : comparison.entries()) {
    const Summary all = summarise(entry.samples);
    Json samples_ms = Json::array();
    for (const Sample& sample : entry.samples) samples_ms.push_back(static_cast<double>(sample.wall_ns) / 1e6);
    document["contenders"].push_back({{"name", entry.contender->name},
                                      {"command", entry.launch.command},
                                      {"min_ms", all.min_ms},
                                      {"q1_ms", all.q1_ms},
                                      {"median_ms", all.median_ms},
                                      {"q3_ms", all.q3_ms},
                                      {"max_ms", all.max_ms},
                                      {"max_rss_kib", all.max_rss_kib},
                                      {"ratio", all.median_ms / base_ms},
                                      {"samples_ms", std::move(samples_ms)}});
  }
  for (const LeftOut& one : comparison.left_out())
    document["left_out"].push_back({{"name", one.name}, {"why", one.why}});
  std::ofstream output(file);
  output << document.dump(2) << '\n';
  output.flush();
  if (!output) return fail(complaint("--json: cannot write " + file));
  return {};
}

int complain(const Error& error, int status) {
  fmt::print(stderr, "compare: {}\n", error.text());
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  return status;
}

Result<int> compare(const Options& options) {
  if (const auto signal = end_asked()) return 128 + *signal;
  Fixture fixture = TRY(make_fixture(options.build));
  const std::string log = fixture.directory / "stderr";
  Fd errors(open(log.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  Comparison comparison(std::move(fixture), std::move(errors));
  if (const auto signal = comparison.prepare(options)) return 128 + *signal;
  if (const auto signal = TRY(comparison.measure(options.rounds))) return 128 + *signal;
  print_table(comparison.entries(), comparison.left_out());
  if (comparison.entries().empty()) return 1;
  if (!options.json_file.empty()) TRY(write_json(options.json_file, options, comparison));
  return 0;
}

}  // namespace
}  // namespace caisson::bench

int main(int argc, char** argv) {
  using namespace caisson::bench;
  auto options = parse({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!options) return complain(options.error(), 2);
  if (options->wants_help) return fmt::print("{}", kHelp), 0;
  if (options->wants_list) {
    for (const Contender& contender : contenders()) fmt::print("{:<18}{}\n", contender.name, contender.what);
    return 0;
  }
  std::error_code error;
  if (options->build.empty())
    options->build = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  const auto status = compare(*options);
  return status ? *status : complain(status.error(), 1);
}
