"""Runs one bats file with a terminal of its own and a time limit: on the host, and in the virtual machine."""

import os
import re
import tempfile
import time

import terminal

FILE_LIMIT_S = 300  # a file may ask for another: "# time limit: 900 s"
MOST_S = 1500  # whatever it asks for and however slow the machine is


def patience():
    """How many times longer than usual everything may take: for machines that are slow all over."""
    return float(os.environ.get("CAISSON_TEST_PATIENCE", "1"))


def environment(build):
    # A program that ends by execution or as a clone has nothing to look for leaks in.
    return {**os.environ, "CAISSON_BUILD": str(build), "TERM": "xterm", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}


def limit_s(file, times):
    asked = re.search(r"^# time limit: (\d+) s", file.read_text(), re.MULTILINE)
    return min((int(asked[1]) if asked else FILE_LIMIT_S) * times, MOST_S)


def names(file):
    """Those of its tests, where none is run."""
    return [name for _, name in re.findall(r'^@test (["\'])(.*?)\1 \{', file.read_text(), re.MULTILINE)]


def run(title, file, build, world=None):
    """Gives (name, outcome, words) triples, and the seconds it took; in a world of its own, if one is given (world.py)."""
    command = ["bats", "--formatter", "tap", str(file)]
    surroundings = environment(build)
    if world:
        command = world.command(command)
        surroundings.update(world.environment())
    limit = limit_s(file, patience())
    begin = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        ended = terminal.run(command, output, limit, surroundings)
        output.seek(0)
        results = read_tap(title, output.read())
    if not ended:
        results.append((title, "failed", f"not done in {limit:.0f} s: killed after {len(results)} tests"))
    return results, time.monotonic() - begin


def read_tap(title, text):
    """The results in what bats wrote; tests that are announced and never come are failures."""
    results, announced = [], None
    for line in text.splitlines():
        plan = re.fullmatch(r"1\.\.(\d+)", line)
        test = re.fullmatch(r"(not )?ok \d+ (.*?)(?: # skip ?(.*))?", line)
        if plan:
            announced = int(plan[1])
        elif test:
            outcome = "failed" if test[1] else "passed" if test[3] is None else "skipped"
            results.append([f"{title}: {test[2]}", outcome, "without a reason" if test[3] == "" else test[3] or ""])
        elif results and results[-1][1] == "failed":
            results[-1][2] += re.sub(r"^# ?", "", line) + "\n"
    if announced is None:
        results.append([title, "failed", "bats did not start:\n" + text])
    elif len(results) < announced:
        results.append([title, "failed", f"{announced - len(results)} of {announced} tests did not run"])
    return [tuple(result) for result in results]
