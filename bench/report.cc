#include "report.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace caisson::bench {
namespace {

using Json = nlohmann::ordered_json;

/// What ratios are taken of: milliseconds, or KiB.
double value_of(const Sample& sample, Deed deed) {
  return deed == Deed::kMemory ? static_cast<double>(sample.max_rss_kib) : static_cast<double>(sample.wall_ns) / 1e6;
}

std::vector<double> values_of(const Entry& entry, Deed deed) {
  std::vector<double> values;
  for (const Sample& sample : entry.samples) values.push_back(value_of(sample, deed));
  return values;
}

std::int64_t most_rss_kib(const Entry& entry) {
  return std::ranges::max(entry.samples, {}, &Sample::max_rss_kib).max_rss_kib;
}

const Entry* find_entry(std::span<const Entry> entries, std::string_view name) {
  const auto found = std::ranges::find(entries, name, [](const Entry& entry) { return entry.contender->name; });
  return found != entries.end() ? &*found : nullptr;
}

/// Medians, and the entries that others are compared with.
class Ratios {
 public:
  Ratios(std::span<const Entry> entries, Deed deed) : deed_(deed) {
    const Entry* floor = find_entry(entries, "floor");
    base_ = floor != nullptr ? floor : &entries.front();
    for (const char* peer : {"crun", "runc"})
      if (const Entry* entry = find_entry(entries, peer)) peers_.push_back(entry);
  }

  /// The floor, or the first if it takes no part.
  const Entry& base() const { return *base_; }

  /// crun and runc, as far as they take part.
  std::span<const Entry* const> peers() const { return peers_; }

  double median(const Entry& entry) const { return summarise(values_of(entry, deed_)).median; }
  double ratio(const Entry& entry, const Entry& to) const { return median(entry) / median(to); }

 private:
  Deed deed_;
  const Entry* base_;
  std::vector<const Entry*> peers_;
};

void print_entries(const Options& options, std::span<const Entry> entries) {
  const Deed deed = options.work.deed;
  const bool is_memory = deed == Deed::kMemory;
  const Ratios ratios(entries, deed);
  fmt::print("{:<18}{:>8}{:>8}{:>8}{:>8}{:>9}{:>10}", is_memory ? "KiB" : "ms", "min", "25 %", "median", "75 %", "max",
             is_memory ? "limit" : "rss KiB");
  for (const Entry* peer : ratios.peers()) fmt::print("{:>8}", fmt::format("{} ÷", peer->contender->name));
  fmt::print("   ÷ {}\n", ratios.base().contender->name);
  for (const Entry& entry : entries) {
    const Summary all = summarise(values_of(entry, deed));
    const int digits = is_memory ? 0 : 2;
    fmt::print("{0:<18}{2:>8.{1}f}{3:>8.{1}f}{4:>8.{1}f}{5:>8.{1}f}{6:>9.{1}f}", entry.contender->name, digits, all.min,
               all.q1, all.median, all.q3, all.max);
    if (!is_memory)
      fmt::print("{:>10}", most_rss_kib(entry));
    else
      fmt::print("{:>10}", entry.least_limit_kib ? std::to_string(*entry.least_limit_kib) : "");
    for (const Entry* peer : ratios.peers()) fmt::print("{:>8.2f}", ratios.ratio(*peer, entry));
    fmt::print("{:>8.2f}\n", ratios.ratio(entry, ratios.base()));
  }
}

Json about(const Options& options, const Comparison& comparison) {
  utsname host{};
  uname(&host);
  return {{"kernel", host.release},
          {"processors", std::thread::hardware_concurrency()},
          {"do", word_of(options.work.deed)},
          {"bundle", options.work.is_filtered ? "seccomp" : "default"},
          {"at_once", options.work.deed == Deed::kMany ? options.work.at_once : 1},
          {"mounts", options.mounts},
          {"containers", options.containers},
          {"containers_of", comparison.owner_of_others()},
          {"rounds", options.rounds},
          {"warm_up", options.warm_up},
          {"unit", options.work.deed == Deed::kMemory ? "kib" : "ms"}};
}

/// Keys end in the unit: _ms, or _kib of resident memory.
Json describe(const Entry& entry, const Ratios& ratios, Deed deed) {
  const std::string unit = deed == Deed::kMemory ? "_kib" : "_ms";
  const std::vector<double> values = values_of(entry, deed);
  const Summary all = summarise(values);
  const auto commands = entry.prepared.task->commands();
  Json one{{"name", entry.contender->name},
           {"command", commands.front()},
           {"commands", commands},
           {"min" + unit, all.min},
           {"q1" + unit, all.q1},
           {"median" + unit, all.median},
           {"q3" + unit, all.q3},
           {"max" + unit, all.max},
           {"max_rss_kib", most_rss_kib(entry)},
           {"ratio", ratios.ratio(entry, ratios.base())}};
  for (const Entry* peer : ratios.peers())
    one[fmt::format("{}_ratio", peer->contender->name)] = ratios.ratio(*peer, entry);
  if (entry.least_limit_kib) one["least_limit_kib"] = *entry.least_limit_kib;
  one["samples" + unit] = values;
  return one;
}

}  // namespace

void print_table(const Options& options, const Comparison& comparison) {
  if (!comparison.entries().empty()) print_entries(options, comparison.entries());
  for (const LeftOut& one : comparison.left_out()) fmt::print("{:<18}left out: {}\n", one.name, one.why);
}

Result<> write_json(const Options& options, const Comparison& comparison) {
  const Ratios ratios(comparison.entries(), options.work.deed);
  Json document = about(options, comparison);
  document["ratios_to"] = ratios.base().contender->name;
  document["contenders"] = Json::array();
  for (const Entry& entry : comparison.entries())
    document["contenders"].push_back(describe(entry, ratios, options.work.deed));
  document["left_out"] = Json::array();
  for (const LeftOut& one : comparison.left_out())
    document["left_out"].push_back({{"name", one.name}, {"why", one.why}});
  std::ofstream output(options.json_file);
  output << document.dump(2) << '\n';
  output.flush();
  if (!output) return fail(complaint("--json: cannot write " + options.json_file));
  return {};
}

}  // namespace caisson::bench
