"""Runs the tests, counts each one, and ends with a line `N passed, N failed, N skipped`: called by script/test.

Unit tests are gtest programs, counted from their reports; system tests are bats files, run as root, each with a terminal
of its own and a time limit, and nearly all in a world of its own: see test/world.py. After them the host has to be as it was.
So are the conformance tests, which try the program that RUNTIME names (caisson-oci) against the runtime specification: what runc
fails of them is wrong. So are the tests with the peers, the engines that call the program that CAISSON_OCI names (caisson-oci);
CAISSON_TEST_PEERS=0 leaves those out. Beside them the system tests run in virtual machines of another kernel: see test/vm.py;
CAISSON_TEST_VM=0 leaves those out. A test that is skipped without standing in test/expected_skips.txt fails the run.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import bats
import host
import terminal
import vm
import world

ROOT = pathlib.Path(__file__).resolve().parent.parent
SYSTEM = ROOT / "test" / "system"
CONFORMANCE = ROOT / "test" / "conformance"
PEERS = ROOT / "test" / "peers"
UNIT_LIMIT_S = 300
# These have the host for themselves: they measure, build or install, make Debian for themselves and others, or read in the
# kernel's log which cgroup it was.
ON_THE_HOST = {f"{name}.bats" for name in (
    "bench boots builtin cgroup_removal floor launch limits readme rooms run setup system_containers tour unpack").split()}
# Of what is tested with sanitizers too, these are not: they measure or build, or look at the release's own programs.
WITHOUT_SANITIZERS = {f"{name}.bats" for name in (
    "bench builtin cgroup_removal exhaustion faults floor launch own_executable readme rooms run setup tour").split()}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = self.unexpected = 0
        lines = (ROOT / "test" / "expected_skips.txt").read_text().splitlines()
        patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        self.expected = [re.compile(re.escape(pattern).replace(r"\*", ".*")) for pattern in patterns]

    def add(self, results, took_s, title):
        """Counts (name, outcome, words) triples of one program or file; one line for it, and what did not pass."""
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        for _, outcome, _ in results:
            counts[outcome] += 1
        self.passed += counts["passed"]
        self.failed += counts["failed"]
        self.skipped += counts["skipped"]
        words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "no tests"
        say(f"{title:<28}{took_s:7.1f} s   {words}")
        for name, outcome, reason in results:
            if outcome == "failed":
                say(f"  failed: {name}\n" + "".join(f"    {line}\n" for line in reason.splitlines()), end="")
            if outcome == "skipped":
                known = any(pattern.fullmatch(f"{name}: {reason}") for pattern in self.expected)
                self.unexpected += not known
                say(f"  skipped{'' if known else ' unexpectedly'}: {name}: {reason}")

    def status(self):
        if self.unexpected:
            say(f"{self.unexpected} of the skipped tests should have run: see test/expected_skips.txt")
        say(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed or self.unexpected or not self.passed else 0


def say(line, end="\n"):
    print(line, end=end, flush=True)


# --- unit tests ------------------------------------------------------------------------------------------------------


def unit_programs(build):
    """Name → command, as ctest knows them; no command where the program is not built."""
    listing = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True)
    return {test["name"]: test.get("command") for test in json.loads(listing.stdout)["tests"]}


def run_unit_program(title, command, build):
    if not command:
        return [(title, "failed", "not built")], 0
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / "report.json"
        begin = time.monotonic()
        try:
            done = subprocess.run(command, cwd=build, env={**os.environ, "GTEST_OUTPUT": f"json:{report}"}, capture_output=True,
                                  stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=UNIT_LIMIT_S)
            end, output = f"exit status {done.returncode}", done.stdout + done.stderr
        except subprocess.TimeoutExpired as timeout:
            end, output = f"not done in {UNIT_LIMIT_S} s", (timeout.stdout or b"").decode(errors="replace")
        took_s = time.monotonic() - begin
        results = read_gtest(title, report, output)
    ended_well = end == "exit status 0"
    if not ended_well and not any(outcome == "failed" for _, outcome, _ in results):
        results.append((title, "failed", f"{end}\n" + "\n".join(output.splitlines()[-30:])))
    elif not results:
        results.append((title, "passed", ""))  # a test that is not gtest's: its exit status says it all
    return results, took_s


def read_gtest(title, report, output):
    if not report.exists():
        return []
    # Why a test was skipped stands only in what was printed.
    reasons = dict(re.findall(r"^\[ RUN {6}\] (.*)\n.*: Skipped\n((?:(?!\[).*\n)*)", output, re.MULTILINE))
    results = []
    for suite in json.loads(report.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{title}: {suite['name']}.{test['name']}"
            if test["status"] != "RUN":
                continue  # disabled by its name
            if "failures" in test:
                results.append((name, "failed", "\n".join(failure["failure"] for failure in test["failures"])))
            elif test["result"] == "SKIPPED":
                reason = " ".join(reasons.get(f"{suite['name']}.{test['name']}", "").split())
                results.append((name, "skipped", reason or "without a reason"))
            else:
                results.append((name, "passed", ""))
    return results


def run_unit_tests(tally, preset):
    build = ROOT / "build" / preset
    kind = "unit" if preset == "release" else f"unit, {preset}"
    programs = unit_programs(build)
    say(f"test: {len(programs)} {preset} unit test programs")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        jobs = {name: workers.submit(run_unit_program, f"{kind}/{name}", command, build) for name, command in programs.items()}
        for name, job in jobs.items():
            results, took_s = job.result()
            tally.add(results, took_s, f"{kind}/{name}")


# --- system tests ----------------------------------------------------------------------------------------------------


def system_jobs(tally, files, preset="release", folder="system"):
    """(title, file, build directory) of each that is to run."""
    kind = folder if preset == "release" else f"{folder}, {preset}"
    say(f"test: {len(files)} files of {folder} tests with the programs of {preset}")
    if os.geteuid() != 0:
        skip_files(tally, kind, files, "needs root")
    elif folder == "peers" and os.environ.get("CAISSON_TEST_PEERS") == "0":
        skip_files(tally, kind, files, "left out by CAISSON_TEST_PEERS=0")
    else:
        return [(f"{kind}/{file.name}", file, ROOT / "build" / preset) for file in files]
    return []


def skip_files(tally, kind, files, reason):
    for file in files:
        title = f"{kind}/{file.name}"
        tally.add([(f"{title}: {name}", "skipped", reason) for name in bats.names(file)], 0, title)


def run_system_tests(tally, jobs):
    """Those that want the host for themselves, then the others, as many at a time as there are processors."""
    if not jobs:
        return
    before = host.state()
    for title, file, build in jobs:
        if file.name in ON_THE_HOST:
            tally.add(*bats.run(title, file, build), title)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        # Who may take longest begins first.
        others = sorted((job for job in jobs if job[1].name not in ON_THE_HOST), key=lambda job: -bats.limit_s(job[1], 1))
        running = {workers.submit(run_in_world, *job): job[0] for job in others}
        try:
            for job in concurrent.futures.as_completed(running):
                tally.add(*job.result(), running[job])
        except BaseException:
            terminal.given_up.set()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    check_host(tally, before)


def run_in_world(title, file, build):
    with world.World() as its_own:
        return bats.run(title, file, build, its_own)


def check_host(tally, before):
    begin = time.monotonic()
    difference = host.difference(before, patience_s=5)
    result = ("host: it is as it was before the tests", "failed" if difference else "passed", "\n".join(difference))
    tally.add([result], time.monotonic() - begin, "host")


def chosen(names, folders, all_of_them):
    """FILE.bats or FILE of one of the folders, or a path; all when none is named."""
    files = []
    for name in names:
        candidates = [pathlib.Path(name)] + [folder / words for folder in folders for words in (name, f"{name}.bats")]
        found = [candidate for candidate in candidates if candidate.is_file()]
        if not found:
            sys.exit(f"script/test: no such file of tests: {name}")
        files.append(found[0].resolve())
    return files or all_of_them


# --- the same in virtual machines -------------------------------------------------------------------------------------


def start_machines(tally, files, alone):
    """Begins with them beside the other tests, if they are wanted; await_machines() takes what this gives."""
    if os.environ.get("CAISSON_TEST_VM") == "0":
        skip_files(tally, "vm", files, "left out by CAISSON_TEST_VM=0")
    elif os.geteuid() != 0:
        skip_files(tally, "vm", files, "needs root")
    elif alone:
        return vm.Run(files)
    else:  # beside the other tests, which are in a hurry
        last_begin = float(os.environ.get("CAISSON_TEST_BEGAN", time.time())) + vm.LAST_BEGIN_S
        if time.time() < last_begin:
            return vm.Run(files, niceness=10, last_begin=last_begin)
        skip_files(tally, "vm", files, vm.TOO_LATE)
    return None


def await_machines(tally, machines):
    if machines:
        say(f"test: {len(machines.wanted)} files of system tests in virtual machines")
        for file, results, took_s in machines.results():
            tally.add(results, took_s, vm.title(file))


def main():
    parser = argparse.ArgumentParser(prog="script/test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--all", action="store_true", help="the unit and system tests once more with sanitizers (script/test builds them)")
    parser.add_argument("kind", nargs="?", choices=["unit", "system", "conformance", "peers", "vm"], help="only these (all)")
    parser.add_argument("files", nargs="*", metavar="FILE", help="of test/system, test/conformance, test/peers or test/vm, with or without .bats (all)")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever gives up gets everything cleared away too
    tally = Tally()
    machines = None
    if options.kind in ("vm", None):
        machines = start_machines(tally, chosen(options.files, [vm.FOLDER, SYSTEM, CONFORMANCE], vm.files()),
                                  alone=options.kind is not None)
    if options.kind in ("unit", None):
        run_unit_tests(tally, "release")
        if options.all:
            run_unit_tests(tally, "asan")
    if machines:
        machines.await_disk()
    jobs = []
    if options.kind in ("system", None):
        files = chosen(options.files, [SYSTEM], sorted(SYSTEM.glob("*.bats")))
        jobs += system_jobs(tally, files)
        if options.all:
            jobs += system_jobs(tally, [file for file in files if file.name not in WITHOUT_SANITIZERS], "asan")
    for kind, folder in (("conformance", CONFORMANCE), ("peers", PEERS)):
        if options.kind in (kind, None):
            jobs += system_jobs(tally, chosen(options.files, [folder], sorted(folder.glob("*.bats"))), folder=kind)
    run_system_tests(tally, jobs)
    await_machines(tally, machines)
    return tally.status()


if __name__ == "__main__":
    sys.exit(main())
