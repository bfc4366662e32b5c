"""Types what docs/tour.md shows into terminals, and compares what comes with what it shows: see test/system/tour.bats.

    tour.py TEXT --part N --directory DIR    one part, run in DIR; exit status 1, and what differs, when something does
    tour.py TEXT --list                      the headings of the parts

A part is a heading `## N. …`. In its blocks of console text a line after a prompt (`$ `, `# `, `> `) is typed once that
prompt is there, and the lines below it are what the terminal has to show until the next one. `…` stands for any text
within a line, and alone on a line for any lines; the width of white space does not count, columns differ with what is in
them. A block that is fenced with ```console two is typed into a second terminal. Each part has terminals of its own, with a
shell in DIR, which are closed at its end as a person would close the window.
"""

import argparse
import dataclasses
import difflib
import fcntl
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import terminal

PROMPTS = ("$ ", "# ", "> ")
SHELL = ["bash", "--noprofile", "--norc", "--noediting", "-i"]
MANY = 50  # lines of one command that are told of at most
QUIET_S = 0.03  # how long nothing comes after a prompt before it is taken for one
OTHER_PROMPT_S = 5  # the same for a prompt that is not the one waited for


@dataclasses.dataclass
class Line:
    """A line to be typed, and what has to be seen before the next prompt."""
    number: int
    terminal: str
    prompt: str
    text: str
    shown: list


def parts(text):
    """Heading → lines to be typed."""
    found, lines, fence = {}, None, None
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is None:
            heading = re.fullmatch(r"## (\d+\. .*)", line)
            if heading:
                lines = found.setdefault(heading[1], [])
            elif line.startswith("## "):
                lines = None
            elif line.startswith("```"):
                fence = line[3:].split() or ["text"]
                typed = None
            continue
        if line == "```":
            fence = None
        elif fence[0] == "console" and lines is not None:
            name = " ".join(fence[1:]) or "one"
            prompt = next((prompt for prompt in PROMPTS if (line + " ").startswith(prompt)), None)
            if prompt:
                typed = Line(number, name, prompt, line[2:], [])
                lines.append(typed)
            elif typed is None:
                sys.exit(f"line {number}: a block of console text begins with a prompt")
            else:
                typed.shown.append(line)
    return found


# --- a terminal, and who types -----------------------------------------------------------------------------------------


class Terminal:
    def __init__(self, directory):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 40, 200, 0, 0))
        # The prompts are this shell's, not those of the shells that are started in it.
        prompts = {"PS1": "$ ", "PS2": "> ", "PROMPT_COMMAND": "export -n PS1 PS2; unset PROMPT_COMMAND"}
        environment = {**os.environ, **prompts, "TERM": "dumb", "LC_ALL": "C.UTF-8", "HISTFILE": ""}
        self.shell = subprocess.Popen(SHELL, cwd=directory, env=environment, stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""

    def await_prompt(self, prompt, limit_s):
        """What came before the prompt; or nothing, if it did not come in time, and then `seen` has what did."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if select.select([self.master], [], [], QUIET_S)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # EIO: everybody there has gone
                    return None
            elif ("\n" + self.seen).endswith("\n" + prompt):
                before, self.seen = self.seen[: -len(prompt)], ""
                return before
            elif ("\n" + self.seen).endswith(tuple("\n" + other for other in PROMPTS)):
                deadline = min(deadline, time.monotonic() + OTHER_PROMPT_S)
        return None

    def type(self, text):
        os.write(self.master, (text + "\n").encode())

    def close(self):
        """The terminal is gone: its shell tells its jobs, and ends. What stays all the same is killed."""
        os.close(self.master)
        try:
            self.shell.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        terminal.kill_session(self.shell.pid)
        self.shell.wait()


def as_seen(text, typed):
    """The lines that can be seen on the terminal, below what was typed: a line that was drawn anew shows its last state."""
    text = text.replace("\r\n", "\n").removeprefix(typed + "\n")
    return [re.sub(r"\x1b\[K", "", line.rpartition("\r")[2]).rstrip() for line in text.split("\n")[:-1]]


def type_part(lines, directory, limit_s):
    """Types every line where it belongs. Gives for each what came, or nothing where the next prompt did not come."""
    terminals, came = {}, []
    # The prompt that has to come after each line: the one the next line of the same terminal is typed at.
    following, after = {}, []
    for line in reversed(lines):
        after.insert(0, following.get(line.terminal, "$ "))
        following[line.terminal] = line.prompt
    try:
        for line, prompt in zip(lines, after):
            if line.terminal not in terminals:
                terminals[line.terminal] = Terminal(directory)
                if line.prompt != "$ " or terminals[line.terminal].await_prompt("$ ", 10) is None:
                    sys.exit(f"line {line.number}: a terminal begins with a shell on the host")
            here = terminals[line.terminal]
            here.type(line.text)
            text = here.await_prompt(prompt, limit_s)
            if text is None:
                came.append((line, as_seen(here.seen, line.text), f"no prompt '{prompt}' after it"))
                break
            came.append((line, as_seen(text, line.text), ""))
    finally:
        for open_terminal in terminals.values():
            open_terminal.close()
    return came


# --- what came, and what is shown --------------------------------------------------------------------------------------


def line_pattern(shown):
    words = ["[^\n]*".join(re.escape(piece) for piece in word.split("…")) for word in shown.split()]
    return r"[ \t]*" + r"[ \t]+".join(words)


def matches(shown, came):
    pattern = "".join("(?:[^\n]*\n)*?" if line == "…" else line_pattern(line) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(line + "\n" for line in came)) is not None


def difference(shown, came):
    """The two, line by line, with what matches under the notation on both sides."""
    same = {}
    for line in came:
        known = next((text for text in shown if text != "…" and re.fullmatch(line_pattern(text), line)), None)
        same[line] = line if known is None else known
    return [line for line in difflib.ndiff(shown, [same[line] for line in came]) if not line.startswith("? ")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--part", type=int)
    parser.add_argument("--directory", default=".")
    parser.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="for each command")
    parser.add_argument("--show", action="store_true", help="print the transcript")
    options = parser.parse_args()

    found = parts(options.text.read_text())
    if options.list:
        print("\n".join(found))
        return 0
    lines = next((lines for title, lines in found.items() if title.startswith(f"{options.part}. ")), None)
    if not lines:
        sys.exit(f"{options.text} has no part {options.part} with anything to type")
    status = 0
    came = type_part(lines, options.directory, options.limit)
    for line, seen, trouble in came:
        if options.show:
            print(line.prompt + line.text, *seen, sep="\n")
        if not trouble and matches(line.shown, seen):
            continue
        status = 1
        print(f"{options.text.name}:{line.number}: {line.prompt}{line.text}", *([trouble] if trouble else []), sep="\n")
        differing = difference(line.shown, seen)
        print(*differing[:MANY], *([f"and {len(differing) - MANY} lines more"] if len(differing) > MANY else []), sep="\n")
    if len(came) < len(lines):
        print(f"{options.text.name}:{lines[len(came)].number}: from here on nothing was typed")
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # the terminals are closed all the same
    sys.exit(main())
