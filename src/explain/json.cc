#include "explain/json.h"

#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "explain/listing.h"
#include "explain/names.h"
#include "explain/words.h"
#include "plan/mount_options.h"

namespace caisson::explain {

namespace {

using plan::kNoSlot;
using plan::Plan;

std::string array(const std::vector<std::string>& elements) { return fmt::format("[{}]", join(elements, ",")); }

std::string strings(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(json_quote(text));
  return array(quoted);
}

// One JSON object in the making. Members that say nothing are left out.
class Object {
 public:
  explicit Object(const Plan& plan) : plan_(plan) {}

  Object& raw(std::string_view name, std::string_view value) {
    if (!members_.empty()) members_ += ',';
    members_ += json_quote(name);
    members_ += ':';
    members_ += value;
    return *this;
  }
  Object& text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : raw(name, json_quote(value));
  }
  Object& text(std::string_view name, plan::Text value) { return text(name, plan_.view(value)); }
  Object& number(std::string_view name, std::int64_t value) { return raw(name, fmt::format("{}", value)); }
  Object& yes(std::string_view name, bool value) { return value ? raw(name, "true") : *this; }
  Object& slot(std::string_view name, plan::Slot slot) {
    return slot == kNoSlot
               ? *this
               : text(name, plan_.slot_name(slot).empty() ? fmt::format("{}", slot) : plan_.slot_name(slot));
  }
  Object& words(std::string_view name, const std::vector<std::string>& words) {
    return words.empty() ? *this : raw(name, strings(words));
  }
  Object& texts(std::string_view name, plan::Range range) {
    std::vector<std::string> all;
    for (const plan::Text each : plan_.texts(range)) all.emplace_back(plan_.view(each));
    return words(name, all);
  }
  std::string str() const { return fmt::format("{{{}}}", members_); }

 private:
  const Plan& plan_;
  std::string members_;
};

std::string_view over_proc_word(plan::OverProc over) {
  switch (over) {
    case plan::OverProc::kNothing: return "";
    case plan::OverProc::kFile: return "file";
    case plan::OverProc::kWhole: return "whole";
  }
  return "";
}

struct Operands {
  const Plan& plan;
  Object object{plan};

  void operator()(const plan::MakeCgroup& a) {
    object.texts("directories", a.directories).slot("first", a.first).yes("unified", a.unified);
  }
  void operator()(const plan::EnableControllers& a) {
    object.text("directory", a.directory).text("controllers", a.controllers).text("leaf", a.leaf);
  }
  void operator()(const plan::RestrictDevices& a) {
    object.slot("cgroup", a.cgroup).number("instructions", a.program.count / 2).texts("rules", a.rules);
  }
  void operator()(const plan::GiveCgroup& a) {
    object.slot("cgroup", a.cgroup).texts("files", a.files).number("owner", a.owner);
  }
  void operator()(const plan::MakeMountSource& a) {
    object.text("path", a.path).text("content", a.content).yes("directory", a.directory);
  }
  void operator()(const plan::WriteFile& a) {
    object.slot("directory", a.directory).text("path", a.path).text("value", a.value);
  }
  void operator()(const plan::MapIds& a) {
    object.slot("pid", a.pid)
        .text("uid_map", a.uid_map)
        .text("gid_map", a.gid_map)
        .text("uid_program", a.uid_program)
        .text("gid_program", a.gid_program)
        .yes("deny_setgroups", a.deny_setgroups);
  }
  void operator()(const plan::IdMapTree& a) {
    object.slot("tree", a.tree)
        .slot("pid", a.pid)
        .slot("user_namespace", a.user_namespace)
        .yes("recursive", a.recursive);
  }
  void operator()(const plan::MakeUserNamespace& a) {
    object.text("uid_map", a.uid_map).text("gid_map", a.gid_map).slot("slot", a.slot);
  }
  void operator()(const plan::MoveNetworkDevice& a) {
    object.text("name", a.name).text("new_name", a.new_name).slot("pid", a.pid);
    object.slot("index", a.index).slot("network", a.network);
  }
  void operator()(const plan::JoinResctrlGroup& a) {
    object.text("directory", a.directory).texts("schemata", a.schemata).slot("pid", a.pid).slot("made", a.made);
    object.yes("may_make", a.may_make).yes("shared", a.is_shared);
  }
  void operator()(const plan::Spawn& a) {
    object.text("lane", lane_name(a.lane))
        .words("namespaces", namespace_words(a.flags))
        .text("flags", clone_flag_names(a.flags));
    object.slot("pid", a.pid).slot("pidfd", a.pidfd).slot("cgroup", a.cgroup).yes("joins", a.joins);
    object.slot("mounts", a.mounts);
  }
  void operator()(const plan::Await& a) { object.text("tag", tag_name(a.tag)); }
  void operator()(const plan::AwaitStart& a) { object.slot("listener", a.listener); }
  void operator()(const plan::Signal& a) { object.text("tag", tag_name(a.tag)); }
  void operator()(const plan::SendDescriptor& a) { object.slot("descriptor", a.descriptor).slot("value", a.value); }
  void operator()(const plan::ReceiveDescriptor& a) { object.slot("descriptor", a.descriptor).slot("value", a.value); }
  void operator()(const plan::OpenFile& a) {
    object.text("path", a.path).text("flags", open_flag_names(a.flags)).slot("slot", a.slot);
  }
  void operator()(const plan::JoinNamespace& a) {
    object.words("namespaces", namespace_words(a.flags)).slot("descriptor", a.descriptor);
  }
  void operator()(const plan::AttachCgroup& a) {
    object.slot("first", a.first).number("count", a.count).texts("tasks", a.tasks);
  }
  void operator()(const plan::Unshare& a) {
    object.words("namespaces", namespace_words(a.flags)).slot("ahead", a.ahead);
  }
  void operator()(const plan::MakeTimeNamespace& a) { object.text("offsets", a.offsets); }
  void operator()(const plan::BringUpLoopback&) {}
  void operator()(const plan::SetHostname& a) { object.text("hostname", a.hostname).text("domainname", a.domainname); }
  void operator()(const plan::OpenTree& a) {
    object.text("source", a.source)
        .text("below", a.below)
        .text("type", a.type)
        .texts("options", a.options)
        .words("set", mount_attribute_words(a.set));
    object.yes("recursive", a.recursive)
        .yes("no_follow", a.no_follow)
        .text("propagation", plan::propagation_word(a.propagation))
        .slot("view", a.view)
        .slot("slot", a.slot);
  }
  void operator()(const plan::SetPropagation& a) { object.text("propagation", plan::propagation_word(a.flags)); }
  void operator()(const plan::MountRoot& a) {
    object.slot("tree", a.tree).text("type", a.type).text("options", a.options).text("at", a.at).slot("root", a.root);
  }
  void operator()(const plan::MountOverlayRoot& a) {
    std::vector<std::string> layers;
    for (std::uint16_t i = 0; i < a.layers; ++i)
      layers.emplace_back(plan.slot_name(static_cast<plan::Slot>(a.first_layer + i)));
    object.words("layers", layers)
        .slot("writable", a.writable)
        .text("upper", a.upper)
        .text("work", a.work)
        .yes("volatile", a.is_volatile)
        .yes("user_attributes", a.user_attributes);
    object.slot("root", a.root);
  }
  void operator()(const plan::Mount& a) {
    object.slot("tree", a.tree).text("type", a.type).text("source", a.source).text("target", a.target);
    object.texts("options", a.options)
        .words("set", mount_attribute_words(a.set))
        .words("clear", cleared_attribute_words(a.clear));
    object.words("recursive_set", mount_attribute_words(a.recursive_set));
    object.words("recursive_clear", cleared_attribute_words(a.recursive_clear));
    object.text("propagation", plan::propagation_word(a.propagation)).slot("root", a.root);
    object.text("label", a.label).text("over_proc", over_proc_word(a.over_proc));
    object.yes("copy_up", a.copy_up).yes("copy_link", a.copy_link).yes("no_follow", a.no_follow);
  }
  void operator()(const plan::BindDevice& a) {
    object.text("path", a.path)
        .text("mode", fmt::format("{:o}", a.mode))
        .number("major", a.major)
        .number("minor", a.minor)
        .slot("root", a.root);
  }
  void operator()(const plan::MakeDevice& a) {
    object.text("path", a.path)
        .text("mode", fmt::format("{:o}", a.mode))
        .number("major", a.major)
        .number("minor", a.minor);
    object.number("uid", a.uid).number("gid", a.gid).slot("root", a.root);
  }
  void operator()(const plan::MakeLink& a) {
    object.text("path", a.path).text("target", a.target).slot("root", a.root);
  }
  void operator()(const plan::Pivot& a) { object.slot("root", a.root).yes("move", a.move); }
  void operator()(const plan::RunHook& a) {
    object.text("path", a.path).texts("arguments", a.arguments).texts("environment", a.environment);
    object.slot("directory", a.directory)
        .text("before_pid", a.before_pid)
        .slot("pid", a.pid)
        .text("after_pid", a.after_pid);
    object.number("timeout_s", a.timeout_s);
  }
  void operator()(const plan::AskSystemd& a) {
    object.text("program", a.program).text("unit", a.unit).texts("request", a.request).slot("pid", a.pid);
    object.texts("undo", a.undo);
  }
  void operator()(const plan::ChangeRoot& a) { object.slot("root", a.root); }
  void operator()(const plan::Mask& a) {
    object.text("path", a.path).slot("null", a.null).slot("empty", a.empty).slot("root", a.root);
  }
  void operator()(const plan::MakeReadOnly& a) {
    object.text("path", a.path).yes("remount", a.remount).slot("root", a.root);
  }
  void operator()(const plan::SetAttribute& a) {
    object.text("attribute", attribute_name(a.attribute));
    switch (a.attribute) {
      case plan::Attribute::kLimit:
        object.text("which", limit_name(a.which)).text("soft", limit_value(static_cast<std::uint64_t>(a.value)));
        object.text("hard", limit_value(static_cast<std::uint64_t>(a.second))).slot("pid", a.pid);
        return;
      case plan::Attribute::kDeathSignal: object.text("value", signal_name(static_cast<int>(a.value))); return;
      case plan::Attribute::kUmask: object.text("value", fmt::format("{:04o}", a.value)); return;
      case plan::Attribute::kIoPriority:
        object.text("class", known_name(spec::kIoClasses, static_cast<std::uint32_t>(a.which)))
            .number("value", a.value);
        return;
      case plan::Attribute::kPersonality:
        object.text("value", known_name(spec::kPersonalityDomains, static_cast<std::uint32_t>(a.value)));
        return;
      case plan::Attribute::kKeyring:
        object.text("name", a.name);
        if (a.value != 0) object.text("permissions", fmt::format("{:#x}", a.value));
        return;
      case plan::Attribute::kNotDumpable:
      case plan::Attribute::kNewSession:
      case plan::Attribute::kNoNewPrivileges: return;
    }
  }
  void operator()(const plan::SetAffinity& a) {
    object.text("processors", a.processors.count == 0 ? "all" : number_list(plan.numbers(a.processors)));
  }
  void operator()(const plan::SetScheduler& a) {
    object.text("policy", known_name(spec::kSchedulerPolicies, a.policy))
        .text("flags", known_flags(spec::kSchedulerFlags, a.flags))
        .number("nice", a.nice)
        .number("priority", a.priority)
        .raw("runtime", fmt::format("{}", a.runtime))
        .raw("deadline", fmt::format("{}", a.deadline))
        .raw("period", fmt::format("{}", a.period));
  }
  void operator()(const plan::SetMemoryPolicy& a) {
    object.text("mode", known_name(spec::kMemoryPolicyModes, a.mode))
        .text("flags", known_flags(spec::kMemoryPolicyFlags, a.flags))
        .text("nodes", number_list(plan.numbers(a.nodes)));
  }
  void operator()(const plan::SetLabel& a) {
    object.text("file", label_file(a.label, /*own=*/true)).text("value", a.value).slot("procfs", a.procfs);
  }
  void operator()(const plan::FindHome& a) { object.number("uid", a.uid).number("variable", a.variable); }
  void operator()(const plan::RestrictFiles& a) {
    std::vector<std::string> rights;
    for (const std::uint32_t each : plan.numbers(a.rights)) rights.push_back(file_right_words(each));
    object.texts("paths", a.paths).words("rights", rights);
  }
  void operator()(const plan::ConnectStreams& a) {
    object.slot("input", a.input).slot("output", a.output).slot("error", a.error).slot("root", a.root);
    object.number("uid", a.uid);
  }
  void operator()(const plan::Console& a) {
    object.slot("master", a.master).number("height", a.height).number("width", a.width).number("uid", a.uid);
    object.yes("bind_console", a.bind_console).yes("adds_returns", a.adds_returns).slot("root", a.root);
  }
  void operator()(const plan::SetIds& a) {
    object.number("uid", a.uid).number("gid", a.gid);
    std::vector<std::string> groups;
    for (const std::uint32_t group : plan.numbers(a.groups)) groups.push_back(fmt::format("{}", group));
    if (a.set_groups) object.raw("groups", array(groups));
    if (!a.set_capabilities) return;
    const auto set = [&](std::string_view name, std::uint64_t mask) {
      object.raw(name, strings(capability_words(mask)));
    };
    set("bounding", a.bounding);
    set("effective", a.effective);
    set("permitted", a.permitted);
    set("inheritable", a.inheritable);
    set("ambient", a.ambient);
  }
  void operator()(const plan::ChangeDirectory& a) {
    object.text("path", a.path).yes("first_try", a.first_try).yes("make", a.make);
  }
  void operator()(const plan::CloseDescriptors& a) { object.number("from", a.from); }
  void operator()(const plan::LoadFilter& a) {
    object.number("instructions", a.instructions.count)
        .text("flags", filter_flag_names(a.flags))
        .slot("listener", a.listener);
  }
  void operator()(const plan::SendListener& a) {
    object.text("path", a.path).texts("state", a.state).slot("pid", a.pid).slot("listener", a.listener);
  }
  void operator()(const plan::FindProgram& a) {
    object.texts("candidates", a.candidates).texts("arguments", a.arguments);
  }
  void operator()(const plan::Exec& a) {
    object.texts("candidates", a.candidates).texts("arguments", a.arguments).texts("environment", a.environment);
  }
};

std::string operands(const Plan& plan, const plan::Action& action) {
  Operands operands{plan};
  std::visit(operands, action);
  return operands.object.str();
}

void add_action(Object& object, const Plan& plan, const plan::Action& action) {
  object.text("kind", kind_name(action)).text("words", describe(plan, action)).raw("operands", operands(plan, action));
}

std::string step_json(const Plan& plan, plan::Lane lane, std::size_t index) {
  const plan::Step& step = plan.lane(lane)[index];
  Object object(plan);
  object.text("step", step_number(lane, index)).text("item", step.item).text("reason", step.reason);
  object.text("undo", undo_name(step.undo));
  add_action(object, plan, step.action);
  if (step.fallback != plan::kNoFallback) {
    const plan::Fallback& fallback = plan.fallback(step);
    std::vector<std::string> names;
    for (const std::int16_t number : fallback.errnos) {
      if (number != 0) names.push_back(errno_name(number));
    }
    Object second(plan);
    second.words("errnos", names);
    add_action(second, plan, fallback.action);
    object.raw("fallback", second.str());
  }
  return object.str();
}

}  // namespace

std::string as_json(const Plan& plan) {
  std::vector<std::string> given;
  for (const plan::Given& each : plan.given()) given.push_back(each.name);
  std::vector<std::string> lanes;
  for (const plan::Lane lane : {plan::Lane::kParent, plan::Lane::kLauncher, plan::Lane::kChild}) {
    if (plan.lane(lane).empty()) continue;
    std::vector<std::string> steps;
    for (std::size_t i = 0; i < plan.lane(lane).size(); ++i) steps.push_back(step_json(plan, lane, i));
    lanes.push_back(Object(plan).text("lane", lane_name(lane)).raw("steps", array(steps)).str());
  }
  return Object(plan).number("version", 1).raw("given", strings(given)).raw("lanes", array(lanes)).str() + "\n";
}

}  // namespace caisson::explain
