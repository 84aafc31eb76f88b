"""Runs the stories, each in a process of its own and many at once: they mostly wait."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).parent
LONGEST_FIRST = ["went_back", "Partitions", "Experiments", "Referee", "Setup", "Users"]
# No story takes longer than this, on any machine; what hangs is ended.
LIMIT = 900


def modules() -> list[str]:
    return sorted(path.stem for path in HERE.glob("test_*.py"))


def flat(suite) -> list[unittest.TestCase]:
    if isinstance(suite, unittest.TestCase):
        return [suite]
    return [test for part in suite for test in flat(part)]


def units(patterns: list[str]) -> list[str]:
    """What has a process of its own: a test, or a class whose tests share their nodes."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    found: dict[str, None] = {}
    for module in modules():
        for test in flat(loader.loadTestsFromName(f"standby.{module}")):
            shared = getattr(test, "shares_nodes", False)
            found[test.id().rpartition(".")[0] if shared else test.id()] = None
    # The longest first, so that none of them is alone at the end.
    return sorted(found, key=lambda name: next(
        (place for place, part in enumerate(LONGEST_FIRST) if part in name), len(LONGEST_FIRST)
    ))


def run_unit(name: str, patterns: list[str]):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    suite = loader.loadTestsFromName(name)
    result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(suite)
    sys.stdout.flush()
    # A thread of a broken story must not hold us up.
    os._exit(0 if result.wasSuccessful() else 1)


class Unit:
    """One process, and what it said."""

    def __init__(self, name: str, patterns: list[str]):
        self.name, self.patterns = name, patterns

    def run(self) -> "Unit":
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "standby", "--unit", self.name, *self.patterns],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            self.said, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            self.said, _ = process.communicate()
            self.said += f"\nended after {LIMIT} s"
        self.went_well = process.returncode == 0
        count = re.search(r"^Ran (\d+) tests?", self.said, re.MULTILINE)
        self.count = int(count[1]) if count else 0
        self.left_out = re.findall(r"skipped ['\"](.*)['\"]$", self.said, re.MULTILINE)
        short = self.name.removeprefix("standby.test_")
        word = "ok" if self.went_well else "FAILED"
        print(f"{word} {short} ({time.monotonic() - began:.0f} s)", flush=True)
        if not self.went_well:
            print(self.said, flush=True)
        return self


def table(rows: list[dict]):
    """What the stories measured."""
    if not rows:
        return
    wide = max(len(row["title"]) for row in rows)
    print(f"\n{'experiment':{wide}}   gap, s   sent twice   busiest 60 s      quota   took, s")
    for row in sorted(rows, key=lambda row: row["title"]):
        gaps = ", ".join(f"{gap:.1f}" for gap in row["gaps"].values()) or "-"
        print(
            f"{row['title']:{wide}} {gaps:>8} {row['twice']:>12} {row['busiest']:>14}"
            f" {row['quota']:>10} {row['seconds']:>9.0f}"
        )


def options():
    parser = argparse.ArgumentParser(prog="Tests/Acceptance/standby")
    parser.add_argument("executable", nargs="?", default=".build/debug/fanoutd")
    parser.add_argument("story", nargs="*")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--unit", help=argparse.SUPPRESS)
    return parser.parse_intermixed_args()


def main():
    if "--unit" in sys.argv:
        _, name, *patterns = sys.argv[sys.argv.index("--unit"):]
        run_unit(name, patterns)
    chosen = options()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="standby-")).resolve()
    folder.chmod(0o755)
    os.environ["STANDBY_FOLDER"] = str(folder)
    os.environ["STANDBY_EXECUTABLE"] = os.path.abspath(chosen.executable)
    os.environ["STANDBY_KEEP"] = "1" if chosen.keep else ""
    os.environ["STANDBY_FULL"] = "1" if chosen.full else ""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    from standby import network, postgres, suite

    try:
        reason = postgres.why_not()
        if reason:
            print(f"Tests/Acceptance/standby: {reason}", file=sys.stderr)
            raise SystemExit(69)
        if chosen.probe:
            return
        raise SystemExit(run(chosen))
    finally:
        suite.end_all_in(folder)
        network.remove_all()
        if chosen.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def run(chosen) -> int:
    from standby import postgres, suite

    began = time.monotonic()
    found = units(chosen.story)
    if not found:
        print("no such story", file=sys.stderr)
        return 64
    postgres.make_template()
    print(f"{postgres.version()}, {len(found)} units, {chosen.jobs} at once", flush=True)
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        done = list(pool.map(lambda name: Unit(name, chosen.story).run(), found))
    table(suite.figures())
    print()
    for reason in sorted({reason for unit in done for reason in unit.left_out}):
        print(f"left out: {reason}")
    count = sum(unit.count for unit in done)
    broken = [unit for unit in done if not unit.went_well]
    print(f"Ran {count} tests in {time.monotonic() - began:.1f} s")
    print(f"FAILED (units={len(broken)})" if broken else "OK")
    return 1 if broken or not count else 0


main()
