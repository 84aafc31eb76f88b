"""Runs the tests of the page, a module at a time in processes of their own, two at once."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).parent
# The README's.
PICTURE = HERE.parents[3] / "Sources" / "fanoutd" / "fanoutd.docc" / "Resources" / "page.png"
# One after the other when nothing else runs: these measure.
ALONE = ["figures"]


def modules() -> list[str]:
    return sorted(path.stem for path in HERE.glob("test_*.py"))


def tests_of(module: str, patterns: list[str]) -> unittest.TestSuite:
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    return loader.loadTestsFromName(f"page.{module}")


class Result(unittest.TextTestResult):
    """Says how long each took, and leaves the driver's own frames out of what it says."""

    frame = re.compile(r'  File "[^"]*/(?:site-packages|unittest)/[^\n]*\n(?:    [^\n]*\n)*')

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        self.stream.write(f"{time.monotonic() - self.began:.1f} s ")
        super().addSuccess(test)

    def _exc_info_to_string(self, error, test):
        text = self.frame.sub("", super()._exc_info_to_string(error, test))
        return text.split("\nAria snapshot:")[0]


def run_module(module: str, patterns: list[str]):
    suite = tests_of(module, patterns)
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(suite)
    sys.stdout.flush()
    # Chromium's driver needs no farewell, and a thread of a broken story must not hold us up.
    os._exit(0 if result.wasSuccessful() else 1)


def run_process(module: str, arguments: list[str]):
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "page", "--module", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(f"== {module}: {time.monotonic() - began:.0f} s\n{run.stdout}", flush=True)
    count = re.search(r"^Ran (\d+) tests?", run.stdout, re.MULTILINE)
    left_out = re.findall(r"skipped ['\"](.*)['\"]$", run.stdout, re.MULTILINE)
    return int(count[1]) if count else 0, run.returncode == 0, left_out


def main():
    parser = argparse.ArgumentParser(prog="Tests/Acceptance/page")
    parser.add_argument("executable", nargs="?", default=".build/debug/fanoutd")
    parser.add_argument("story", nargs="*")
    parser.add_argument("--page")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--picture", action="store_true")
    parser.add_argument("--module", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args()
    if options.module:
        run_module(options.module, options.story)
    os.environ["PAGE_EXECUTABLE"] = os.path.abspath(options.executable)
    os.environ["PAGE_FULL"] = "1" if options.full else ""
    os.environ["PAGE_SLOW"] = "1" if options.slow else ""
    if options.page:
        os.environ["PAGE_FOLDER"] = os.path.abspath(options.page)
    if options.picture:
        raise SystemExit(subprocess.call([sys.executable, "-m", "page.picture", PICTURE]))
    wanted = [name for name in modules() if tests_of(name, options.story).countTestCases()]
    arguments = [options.executable, *options.story]
    alone = [name for name in wanted if name.removeprefix("test_") in ALONE]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rest = [name for name in wanted if name not in alone]
        results = list(pool.map(lambda name: run_process(name, arguments), rest))
    results += [run_process(name, arguments) for name in alone]
    cases = sum(count for count, _, _ in results)
    if not cases or not all(went_well for _, went_well, _ in results):
        raise SystemExit(f"{cases} cases, with failures")
    for reason in sorted({reason for _, _, reasons in results for reason in reasons}):
        print(f"left out: {reason}")
    print(f"{cases} cases, no failure")


main()
