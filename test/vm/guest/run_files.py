"""In the virtual machine: runs the bats files that the host asks for, one after the other, and answers with the results.

    run_files.py PORT

A question is a file's name below the project, a line; the answer is a line of JSON, {"results": …, "took_s": …}. A first
answer without a question says that the machine is there.
"""

import json
import os
import pathlib
import sys
import time
import traceback

PORT_LIMIT_S = 300  # it is there when udev has come to it
PROJECT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PROJECT / "test"))
import bats  # noqa: E402
import vm  # noqa: E402


def main():
    end = time.monotonic() + PORT_LIMIT_S
    while not os.path.exists(sys.argv[1]) and time.monotonic() < end:
        time.sleep(0.1)
    port = os.open(sys.argv[1], os.O_RDWR)
    questions = os.fdopen(os.dup(port), "r")

    def answer(words):
        left = (json.dumps(words) + "\n").encode()
        while left:
            left = left[os.write(port, left):]

    answer({})
    for line in questions:
        file = PROJECT / line.strip()
        results, took_s = bats.run(vm.title(file), file, PROJECT / "build" / "release")
        answer({"results": results, "took_s": took_s})


if __name__ == "__main__":
    try:
        main()
    except Exception:
        pathlib.Path("/dev/console").write_text(traceback.format_exc())  # which is where the host looks
        raise
