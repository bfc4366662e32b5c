"""Makes C++ of the room's data: generate.py calls data/calls.txt | profile data/default.json, then OUTPUT.

    calls    a row for each system call: its name, and its number on each ABI
    profile  a row for each rule, word for word; what the words mean is read at run time, as for a profile from a file
"""

import contextlib
import json
import re
import sys


def calls(path):
    rows = [line.split() for line in open(path, encoding="utf-8") if not line.startswith("#")][1:]
    for name, *numbers in sorted(rows):
        print(f'{{"{name}", {{{", ".join("-1" if number == "-" else number for number in numbers)}}}}},')


def rule_lines(text):
    """The line that each element of "syscalls" begins on."""
    decoder, lines = json.JSONDecoder(), []
    at = re.search(r'"syscalls"\s*:\s*\[', text).end()
    while True:
        at = re.compile(r"[\s,]*").match(text, at).end()
        if text[at] == "]":
            return lines
        lines.append(text.count("\n", 0, at) + 1)
        at = decoder.raw_decode(text, at)[1]


def strings(words):
    return "{" + ", ".join(json.dumps(word) for word in words) + "}"


def number(value):
    return "std::nullopt" if value is None else f"{value}"


def errno_of(rule, name, value):
    """podman writes each error number twice; its name alone would need a table."""
    if rule.get(name) and rule.get(value) is None:
        sys.exit(f"generate.py: {name} without {value}")
    return rule.get(value)


def condition(rule, key):
    words = rule.get(key) or {}
    return f'{{{strings(words.get("caps", []))}, {strings(words.get("arches", []))}, "{words.get("minKernel", "")}"}}'


def argument(words):
    return f'{{{words["index"]}, {words["value"]}u, {words.get("valueTwo", 0)}u, "{words["op"]}"}}'


def profile(path):
    text = open(path, encoding="utf-8").read()
    document = json.loads(text)
    unknown = set(document) - {"defaultAction", "defaultErrnoRet", "defaultErrno", "archMap", "syscalls"}
    if unknown:
        sys.exit(f"generate.py: {path}: a key that is not made into C++: {', '.join(sorted(unknown))}")
    default = errno_of(document, "defaultErrno", "defaultErrnoRet")
    print(f'constexpr std::string_view kDefaultAction = "{document["defaultAction"]}";')
    print(f"constexpr std::optional<std::uint32_t> kDefaultErrno = {number(default)};")
    print("constexpr ArchitectureWords kArchitectures[] = {")
    for entry in document["archMap"]:
        print(f'    {{"{entry["architecture"]}", {strings(entry.get("subArchitectures") or [])}}},')
    print("};\nconstexpr std::string_view kNames[] = {")
    for rule in document["syscalls"]:
        print("    " + ", ".join(json.dumps(name) for name in rule["names"]) + ",")
    print("};\nconstexpr RuleWords kRules[] = {")
    for rule, line in zip(document["syscalls"], rule_lines(text)):
        errno = number(errno_of(rule, "errno", "errnoRet"))
        arguments = "{{" + ", ".join(map(argument, rule.get("args") or [])) + "}}"
        print(f'    {{{line}, {len(rule["names"])}, "{rule["action"]}", {errno}, {arguments}, '
              f'{condition(rule, "includes")}, {condition(rule, "excludes")}}},')
    print("};")


with open(sys.argv[3], "w", encoding="utf-8") as output, contextlib.redirect_stdout(output):
    {"calls": calls, "profile": profile}[sys.argv[1]](sys.argv[2])
