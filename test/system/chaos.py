"""Random commands of caisson, several at once, and SIGKILL for containers, their keepers and the commands themselves.

usage: chaos.py SECONDS SEED STATE TARBALL -- CAISSON…

What a single command answers is not looked at, as long as it answers: each has a time after which it counts as hung.
The caller looks at what is left. Prints how often each kind of thing was done. Exit status 1 if something hung, or
ended by a signal that nobody sent.
"""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

WORKERS = 4
NAMES = 12
PATIENCE_S = 60 * int(os.environ.get("CAISSON_TEST_PATIENCE", "1"))

PROGRAMS = [
    ["true"],
    ["false"],
    ["sleep", "1000"],
    ["sh", "-c", "while :; do echo x; sleep 0.05; done"],
    ["sh", "-c", "sleep 0.2; exit 3"],
    ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"],
    ["sh", "-c", "(sleep 1000 &) ; (sleep 1000 &) ; sleep 0.3"],
    ["cat"],
    ["/no/such/program"],
]
OPTIONS = [[], ["-m", "32m"], ["--init"], ["--read-only"], ["-i"], ["-t"], ["--restart", "on-failure:3"],
           ["--restart", "always"], ["--rm"], ["--health-cmd", "true", "--health-interval", "200ms"], ["-v", "/scratch"],
           ["--log-driver", "json-file", "--log-opt", "max-size=4k"], ["--pids-limit", "20"]]


class Chaos:
    def __init__(self, seconds, seed, state, tarball, caisson):
        self.end = time.monotonic() + seconds
        self.seed = seed
        self.state = pathlib.Path(state)
        self.tarball = tarball
        self.caisson = caisson
        self.counts = collections.Counter()
        self.problems = []
        self.lock = threading.Lock()

    def run(self):
        workers = [threading.Thread(target=self.work, args=(n,)) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def work(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        actions = [(12, self.start_new), (4, self.create), (6, self.start), (6, self.stop), (4, self.restart), (5, self.kill),
                   (8, self.remove), (6, self.execute), (3, self.attach), (3, self.pause), (4, self.unpause), (3, self.list),
                   (2, self.logs), (2, self.rename), (2, self.update), (2, self.import_image), (2, self.remove_image),
                   (6, self.kill_keeper), (5, self.kill_process), (1, self.wait)]
        weights = [weight for weight, _ in actions]
        while time.monotonic() < self.end:
            action = rng.choices(actions, weights)[0][1]
            with self.lock:
                self.counts[action.__name__] += 1
            try:
                action(rng)
            except OSError as error:
                self.problem(f"{action.__name__}: {error}")

    def problem(self, text):
        with self.lock:
            self.problems.append(text)
        print(f"chaos: {text}", flush=True)

    # One command; now and then it is killed while it works.
    def call(self, rng, *words, stdin=None, may_be_killed=True, timeout=None):
        command = [*self.caisson, *words]
        process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        killed = False
        if may_be_killed and rng.random() < 0.08:
            time.sleep(rng.random() ** 3 * 0.1)
            process.kill()
            killed = True
            with self.lock:
                self.counts["kill of a command"] += 1
        try:
            status = process.wait(timeout or PATIENCE_S)
        except subprocess.TimeoutExpired:
            if timeout is None:
                self.problem(f"hung: {' '.join(words)}")
            process.kill()
            process.wait()
            return None
        # Who waits for a container in the foreground is its keeper.
        killed = killed or (status == -signal.SIGKILL and words[0] == "run" and "-d" not in words)
        if status < 0 and not killed:
            self.problem(f"{' '.join(words)} was ended by signal {-status}")
        return status

    def name(self, rng):
        return f"chaos{rng.randrange(NAMES)}"

    def new(self, rng, verb, *more):
        options = rng.choice(OPTIONS)
        if verb == "create" and options == ["--rm"]:
            options = []
        self.call(rng, verb, "--name", self.name(rng), *more, *options, "builtin:busybox", *rng.choice(PROGRAMS))

    def start_new(self, rng):
        if rng.random() < 0.8:
            return self.new(rng, "run", "-d", *(["--replace"] if rng.random() < 0.3 else []))
        self.call(rng, "run", "--rm", "--timeout", "2", "builtin:busybox", *rng.choice(PROGRAMS))

    def create(self, rng):
        self.new(rng, "create")

    def start(self, rng):
        self.call(rng, "start", self.name(rng))

    def stop(self, rng):
        self.call(rng, "stop", "-t", rng.choice(["0", "1"]), self.name(rng))

    def restart(self, rng):
        self.call(rng, "restart", "-t", "0", self.name(rng))

    def kill(self, rng):
        self.call(rng, "kill", "-s", rng.choice(["KILL", "TERM", "USR1", "HUP"]), self.name(rng))

    def remove(self, rng):
        self.call(rng, "rm", *(["-f"] if rng.random() < 0.7 else []), self.name(rng))

    def execute(self, rng):
        self.call(rng, "exec", *rng.choice([[], ["-d"], ["-t"]]), self.name(rng), *rng.choice(PROGRAMS[:2] + [["sleep", "0.2"]]))

    def attach(self, rng):
        self.call(rng, "attach", "--no-stdin", "--sig-proxy=false", self.name(rng), timeout=0.5)

    def pause(self, rng):
        self.call(rng, "pause", self.name(rng))

    def unpause(self, rng):
        self.call(rng, "unpause", self.name(rng))

    def list(self, rng):
        self.call(rng, "ps", "-a")
        self.call(rng, "inspect", self.name(rng))

    def logs(self, rng):
        self.call(rng, "logs", self.name(rng))

    def rename(self, rng):
        self.call(rng, "rename", self.name(rng), self.name(rng))

    def update(self, rng):
        self.call(rng, "update", "--pids-limit", str(rng.randrange(50, 90)), self.name(rng))

    def import_image(self, rng):
        self.call(rng, "import", "-q", self.tarball, f"chaos{rng.randrange(3)}")

    def remove_image(self, rng):
        self.call(rng, "rmi", f"chaos{rng.randrange(3)}")

    def wait(self, rng):
        self.call(rng, "wait", self.name(rng), timeout=0.5)

    # The pid stands in the container's state; by the time it is used it may be another's, which is never ours to kill.
    def kill_of(self, rng, whose):
        files = list((self.state / "run/containers").glob("*/state.json"))
        if not files:
            return
        try:
            process = json.loads(rng.choice(files).read_text())[whose]
            pidfd = os.pidfd_open(process["pid"])
        except (OSError, ValueError, KeyError):
            return
        try:
            stat = pathlib.Path(f"/proc/{process['pid']}/stat").read_text()
            if int(stat.rpartition(")")[2].split()[19]) == process["startTicks"]:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except OSError:
            pass
        finally:
            os.close(pidfd)

    def kill_keeper(self, rng):
        self.kill_of(rng, "keeper")

    def kill_process(self, rng):
        self.kill_of(rng, "process")


def main():
    split = sys.argv.index("--")
    seconds, seed, state, tarball = sys.argv[1:split]
    chaos = Chaos(float(seconds), seed, state, tarball, sys.argv[split + 1:])
    chaos.run()
    print(" ".join(f"{name}:{count}" for name, count in sorted(chaos.counts.items())))
    sys.exit(1 if chaos.problems else 0)


main()
