"""Runs caisson's commands once for each system call that they make, with that call failing, or with a process killed there.

After each the end has to be one that a user can live with: in time, right or with one error line that says why not; and
after at most one further command (`caisson ps`, then `rm -f` of what it lists) the host is as it was: mounts, cgroups,
processes, /dev, and the files of the state directories. test/faults/inject.cc makes the fault; points are named there.
"""

import argparse
import ctypes
import dataclasses
import errno
import itertools
import os
import pathlib
import pwd
import random
import shutil
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
LIMIT_S = 15

# What a call is made to fail with: what it fails with on a host that lacks something.
ERRNOS = {
    "EMFILE": "openat openat2 fcntl pipe2 socket socketpair fsopen open_tree pidfd_open dup dup2 dup3 signalfd4 recvmsg",
    "ENOSPC": "write writev pwrite64 mkdir mkdirat mknodat symlink symlinkat rename renameat renameat2 link linkat ftruncate",
    "EAGAIN": "clone clone3 fork vfork setresuid",
    "ENOMEM": "mmap mremap poll fsmount fsconfig move_mount mount pivot_root unshare execve execveat keyctl",
    "EIO": "read pread64 readlink readlinkat newfstatat fstat stat statx statfs fstatfs getdents64 lseek unlink unlinkat syncfs",
    "EBUSY": "rmdir umount2",
}
ERRNO_OF = {call: name for name, calls in ERRNOS.items() for call in calls.split()}
# These cannot fail, or not so that a program could do anything about it.
CANNOT_FAIL = set(
    "exit exit_group getpid gettid getppid getuid geteuid getgid getegid umask arch_prctl set_tid_address set_robust_list rseq "
    "brk munmap mprotect madvise close rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait uname getrandom futex sched_yield "
    "fcntl_flags accept4 clock_nanosleep nanosleep restart_syscall wait4 waitid sched_getaffinity getcwd clock_gettime prlimit64".split())


@dataclasses.dataclass
class Scenario:
    """A command; `base` runs once before all, `each` before each run of it. `output`: what success prints (None: anything)."""

    name: str
    command: list
    output: str | None = None
    base: list = dataclasses.field(default_factory=list)
    each: list = dataclasses.field(default_factory=list)
    healthy: list = dataclasses.field(default_factory=list)  # has to succeed after each run
    fresh_store: bool = False
    terminal: bool = False  # EIO is a hang-up there, nobody has it open any more: reads fail with something else


RUN = ["run", "--cgroup-parent", "CGROUP"]
SLEEPER = RUN + ["-d", "--name", "base", "builtin:busybox", "sleep", "1000"]
OPTIONS = ["-m", "64m", "--cpus", "1", "--pids-limit", "50", "--ulimit", "core=0", "-v", "STATE/volume:/volume", "--tmpfs", "/t",
           "--read-only", "-w", "/tmp", "-u", "1000:1000", "--hostname", "h", "--sysctl", "net.ipv4.ip_unprivileged_port_start=1",
           "--cidfile", "STATE/cid", "--cap-drop", "ALL", "--device", "/dev/null:/dev/nothing", "--init"]
SCENARIOS = [
    Scenario("run", RUN + ["--rm", "builtin:busybox", "echo", "hello"], "hello\n"),
    Scenario("run-kept", RUN + ["--name", "kept", "builtin:busybox", "echo", "hello"], "hello\n"),
    Scenario("run-options", RUN + ["--rm", *OPTIONS, "builtin:busybox", "echo", "hello"], "hello\n"),
    Scenario("run-terminal", RUN + ["--rm", "-t", "builtin:busybox", "echo", "hello"], "hello\r\n", terminal=True),
    Scenario("run-detached", RUN + ["--rm", "-d", "builtin:busybox", "true"]),
    Scenario("run-shared", RUN + ["--rm", "--pid", "container:base", "--network", "container:base", "builtin:busybox", "echo", "hello"],
             "hello\n", base=[SLEEPER], healthy=["exec", "base", "true"]),
    Scenario("exec", ["exec", "base", "echo", "hello"], "hello\n", base=[SLEEPER], healthy=["exec", "base", "true"]),
    Scenario("exec-terminal", ["exec", "-t", "base", "echo", "hello"], "hello\r\n", base=[SLEEPER], healthy=["exec", "base", "true"],
             terminal=True),
    Scenario("rm", ["rm", "-f", "base"], "base\n", each=[SLEEPER]),
    Scenario("stop", ["stop", "-t", "0", "base"], "base\n", each=[SLEEPER]),
    Scenario("kill", ["kill", "base"], each=[SLEEPER]),
    Scenario("unpack", RUN + ["--rm", "builtin:busybox", "echo", "hello"], "hello\n", fresh_store=True),
]


class Sweep:
    def __init__(self, build, scenario, user, deaf):
        self.injector = pathlib.Path(build) / "test" / "inject"
        self.programs = pathlib.Path(build)
        self.deaf = deaf
        self.scenario = scenario
        self.id = pwd.getpwnam(user).pw_uid if user else None
        self.inject_as = ["--as", str(self.id)] if user else []
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="caisson-test.", dir="/dev/shm"))
        self.cgroup = f"caisson-faults-{os.getpid()}"
        (self.state / "volume").mkdir()
        if user:
            self.give_to_user()

    # --- what is run --------------------------------------------------------------------------------------------------

    def give_to_user(self):
        """A state directory of the user's, and programs that it can reach."""
        self.programs = self.state / "programs"
        for part in ["bin", "libexec", "share"]:
            shutil.copytree(pathlib.Path(self.injector).parents[1] / part, self.programs / part)
        subprocess.run(["chmod", "-R", "a+rX", self.state], check=True)
        for name in [".", "volume"]:
            os.chown(self.state / name, self.id, self.id)
        time.sleep(2.1)  # a file as young as a copied tarball is looked at anew each time (src/image/identity.h)

    def words(self, command):
        words = [word.replace("STATE", str(self.state)).replace("CGROUP", self.cgroup) for word in command]
        if self.id is not None and command[:len(RUN)] == RUN:
            words = ["run", *words[len(RUN):]]  # its cgroup is the caller's
        return [str(self.programs / "bin" / "caisson"), "--root", str(self.state / "root"), "--runroot", str(self.state / "run"), *words]

    def caisson(self, *command):
        who = {} if self.id is None else {"user": self.id, "group": self.id, "extra_groups": []}
        return subprocess.run(self.words(command), **who, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60)

    def must(self, *command):
        done = self.caisson(*command)
        if done.returncode != 0:
            sys.exit(f"sweep: {' '.join(command)}: exit status {done.returncode}\n{done.stderr}")

    def begin(self):
        """A state directory as it is before each run."""
        self.must(*RUN, "--rm", "builtin:busybox", "true")
        for command in self.scenario.base:
            self.must(*command)
        self.before = None
        self.before = self.host()

    def end(self):
        self.clear()
        shutil.rmtree(self.state, ignore_errors=True)
        for top in self.cgroup_tops():
            for directory, _, _ in os.walk(top, topdown=False):
                os.rmdir(directory)

    def clear(self):
        ids = self.caisson("ps", "-aq", "--no-trunc").stdout.split()
        if ids:
            self.caisson("rm", "-f", *ids)

    def points(self):
        """Each call of each process, in one run without a fault."""
        listing = self.state / "points"
        self.inject(["--list", str(listing)])
        self.settle()
        return [tuple(line.split()) for line in listing.read_text().splitlines()]

    def inject(self, fault):
        if self.scenario.fresh_store:
            shutil.rmtree(self.state / "root" / "layers", ignore_errors=True)
        for command in self.scenario.each:
            self.must(*command)
        words = [str(self.injector), "--limit", str(LIMIT_S), *self.inject_as, *fault, "--", *self.words(self.scenario.command)]
        with tempfile.TemporaryFile("w+", newline="", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
            status = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err).returncode
            out.seek(0)
            err.seek(0)
            return status, out.read(), "" if self.deaf else err.read()

    # --- what is left -------------------------------------------------------------------------------------------------

    def cgroup_tops(self):
        tops = pathlib.Path("/sys/fs/cgroup")
        return [top for top in [tops / self.cgroup, *tops.glob(f"*/{self.cgroup}")] if top.is_dir()]

    def host(self):
        found = set()
        for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
            found.add("mount " + " ".join(line.split()[2:]))
        for top in self.cgroup_tops():
            for directory, below, _ in os.walk(top):
                found |= {f"cgroup {directory}/{name}" for name in below}
        found |= {f"device /dev/{name}" for name in os.listdir("/dev")}
        for top in ["root/containers", "root/names", "run", "root/layers/tmp"]:
            for directory, below, files in os.walk(self.state / top):
                found |= {f"file {directory}/{name}" for name in below + files if f"{directory}/{name}" != f"{self.state}/run/containers"
                          and not name.startswith("exec-")}  # a socket of exec -t goes with the container
        if (self.state / "cid").exists():
            found.add("file cid")
        return found | self.children()

    def children(self):
        """What has become an orphan, as the subreaper sees it."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        pids = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return {f"process {pid}" for pid in pids}

    def settle(self):
        """What is left after the next command, and after `rm -f` of what that lists. Removes everything that is left."""
        words = []
        listing = self.caisson("ps", "-aq", "--no-trunc")
        if listing.returncode != 0:
            words.append(f"ps afterwards: exit status {listing.returncode}: {listing.stderr}")
        base = self.caisson("inspect", "--format", "{{.Id}}", "base").stdout.split() if self.scenario.base else []
        ids = [id for id in listing.stdout.split() if id not in base]
        if ids:
            removal = self.caisson("rm", "-f", *ids)
            if removal.returncode != 0:
                words.append(f"rm -f afterwards: exit status {removal.returncode}: {removal.stderr}")
        (self.state / "cid").unlink(missing_ok=True)  # without --rm's container it would stay: the user's
        end = time.monotonic() + 2
        while (difference := self.host() ^ self.before) and time.monotonic() < end:
            time.sleep(0.005)
        words += [f"{'left' if thing in self.host() else 'gone'}: {thing}" for thing in sorted(difference)]
        if not words and self.scenario.healthy:
            done = self.caisson(*self.scenario.healthy)
            if done.returncode != 0:
                words.append(f"{' '.join(self.scenario.healthy)}: exit status {done.returncode}: {done.stderr}")
        return words

    def reset(self):
        for process in self.children():
            os.kill(int(process.split()[1]), 9)
        time.sleep(0.05)
        self.children()
        self.clear()
        for top in ["root/containers", "root/names", "run", "root/layers/tmp"]:
            shutil.rmtree(self.state / top, ignore_errors=True)
        for top in self.cgroup_tops():
            for directory, below, _ in os.walk(top, topdown=False):
                if directory != str(top):
                    for pid in (pathlib.Path(directory) / "cgroup.procs").read_text().split():
                        os.kill(int(pid), 9)
                    time.sleep(0.02)
                    os.rmdir(directory)
        self.begin()

    # --- the verdict --------------------------------------------------------------------------------------------------

    def judge(self, fault, main_killed):
        report = self.state / "report"
        status, out, err = self.inject([*fault, "--report", str(report)])
        marks = report.read_text().split()
        words = []
        if "hang" in marks:
            words.append(f"not done in {LIMIT_S} s")
        hit = "hit" in marks
        errors = [line for line in err.splitlines() if line.startswith(("caisson: error: ", "caisson init: "))]
        if main_killed and hit:
            if status != 137 and fault[1].startswith("0:"):  # it may have ended before others are at that point
                words.append("the command was to be killed")
        elif status == 0:
            if self.scenario.output is not None and out != self.scenario.output:
                words.append("success without the output")
        elif status == 137 and fault[0] == "--kill" and not errors:  # its own end, as docker tells it
            # An exec's end is its exit status alone, and so is that of a program below an init.
            if "caisson: " not in err and self.scenario.command[0] != "exec" and "--init" not in self.scenario.command:
                words.append("a death without a word")
        elif len(errors) != 1:
            words.append("a failure without one error line")
        words += self.settle()
        if words:
            words.append(f"exit status {status}, output {out!r}, errors {err!r}")
            self.reset()
        return hit, words


def faults(points, mode, terminal):
    """(option, words for people, whether the command itself is killed) for each point."""
    for process, call, nth in points:
        if mode == "fail" and call not in CANNOT_FAIL:
            name = "ENOMEM" if terminal and call == "read" else ERRNO_OF.get(call, "EPERM")
            yield ["--fail", f"{process}:{call}:{nth}:{getattr(errno, name)}"], f"{process}: {call} #{nth} fails: {name}", False
        if mode == "kill":
            for victim in {process, "0"}:
                yield ["--kill", f"{process}:{call}:{nth}:{victim}"], f"at {process}: {call} #{nth} {victim} is killed", victim == "0"


def sweep(scenario, mode, options):
    """Prints what is wrong; how many points were looked at, of how many, and how many were bad."""
    seconds, seed, at = options.seconds, options.seed, options.at
    one = Sweep(options.build, scenario, options.user, options.deaf)
    try:
        one.begin()
        chosen = [(at, " ".join(at), at[0] == "--kill")] if at else list(faults(one.points(), mode, scenario.terminal))
        total = len(chosen)
        if seconds:
            random.Random(seed).shuffle(chosen)
        end = time.monotonic() + seconds
        looked = hits = bad = 0
        for fault, title, main_killed in chosen:
            if seconds and time.monotonic() > end:
                break
            hit, words = one.judge(fault, main_killed)
            looked += 1
            hits += hit
            if words:
                bad += 1
                print(f"{scenario.name}: {title}", *words, sep="\n    ", flush=True)
        print(f"{scenario.name}, {mode}{', ordinary user' if options.user else ''}: {looked} of {total} points, {hits} reached, {bad} bad (seed {seed})", flush=True)
        if hits <= looked // 2:
            print("    most points are not reached: is the injector right?")
            bad += 1
        return bad
    finally:
        one.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--mode", choices=["fail", "kill"], action="append", help="both")
    parser.add_argument("--seconds", type=float, default=0, help="a sample that takes so long (every point)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--deaf", action="store_true", help="hear no errors: to see that what is wrong is found")
    parser.add_argument("--user", help="whose commands they are (root's)")
    parser.add_argument("--at", type=str.split, help='one fault alone, as inject takes it: --at="--fail 0:openat:3:24"')
    parser.add_argument("scenarios", nargs="*", help="all: " + " ".join(scenario.name for scenario in SCENARIOS))
    options = parser.parse_args()
    if "CAISSON_FAULTS_INSIDE" not in os.environ:  # mounts that show on the host would show here, and nowhere else
        os.environ["CAISSON_FAULTS_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv])
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    chosen = [scenario for scenario in SCENARIOS if not options.scenarios or scenario.name in options.scenarios]
    bad = sum(sweep(scenario, mode, options) for scenario, mode in itertools.product(chosen, options.mode or ["fail", "kill"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
