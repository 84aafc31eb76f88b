"""Runs the examples of Markdown pages and compares what they print with what the page says.

The blocks marked `sh` and `console` of one page are one story: they run in order, in one bash, in a
folder of its own. A command of an `sh` block must succeed. A command of a `console` block stands
behind `$ ` and must print what follows it: `…` stands for anything, a time for any time, white
space of JSON doesn't count. An id stands for whatever comes in its place first, and for the same
from then on, in commands too. Blocks of other kinds are not run.

usage: examples.py EXECUTABLE PAGE…
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from ports import free_port

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
MARK = "end of example"
# Sections that a clean machine is for, or that others test: the demo, the tests, the build, nodes on a
# PostgreSQL.
SKIPPED = {"Try it", "Build it", "Two nodes"}


class Example:
    def __init__(self, line: int, command: str, expected: str | None):
        self.line, self.command, self.expected = line, command, expected


def is_whole(command: str) -> bool:
    """Whether bash would run it now, or ask for more lines."""
    check = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    return check.returncode == 0 and not check.stderr and not command.endswith("\\")


def blocks(page: str):
    """Kind, first line's number and lines of each fenced block."""
    kind, section, lines, start = None, "", [], 0
    for number, line in enumerate(page.splitlines(), 1):
        if kind is None and line.startswith("#"):
            section = line.lstrip("#").strip()
        elif kind is None and line.startswith("```"):
            kind, lines, start = line[3:].strip(), [], number + 1
        elif kind is not None and line == "```":
            if section not in SKIPPED:
                yield kind, start, lines
            kind = None
        elif kind is not None:
            lines.append(line)


def examples(page: str):
    for kind, start, lines in blocks(page):
        if kind == "sh":
            yield Example(start, "\n".join(lines), None)
        if kind != "console":
            continue
        place = 0
        while place < len(lines):
            first = start + place
            if not lines[place].startswith("$ "):
                raise SystemExit(f"line {first}: an answer without a command")
            command = lines[place][2:]
            place += 1
            while not is_whole(command):
                if place == len(lines):
                    raise SystemExit(f"line {first}: the command has no end")
                command += "\n" + lines[place]
                place += 1
            answer = []
            while place < len(lines) and not lines[place].startswith("$ "):
                answer.append(lines[place])
                place += 1
            yield Example(first, command, "\n".join(answer))


def packed(text: str) -> str:
    """JSON without white space outside its strings, other text without the last line break."""
    if not text.lstrip().startswith(("{", "[")):
        return text.strip()
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', r"\1", text)


class Story:
    def __init__(self, executable: str, page: pathlib.Path):
        self.page = page
        self.ids: dict[str, str] = {}
        self.ports = {"8480": str(free_port()), "9000": str(free_port())}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fanoutd-examples-"))
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("FANOUTD_")
        }
        paths = [pathlib.Path(executable).parent, pathlib.Path(sys.executable).parent]
        environment |= {
            "PATH": ":".join([*map(str, paths), environment["PATH"]]),
            "FANOUTD_URL": f"http://127.0.0.1:{self.ports['8480']}",
            "FANOUTD_HTTP_LISTEN": f"127.0.0.1:{self.ports['8480']}",
            "FANOUTD_STORE_MIN_FREE_BYTES": "0",
        }
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=environment,
            text=True,
            start_new_session=True,
        )

    def real(self, text: str) -> str:
        """The text with this run's ports and ids."""
        for known, own in (self.ports | self.ids).items():
            text = text.replace(known, own)
        return text

    def pattern(self, expected: str) -> tuple[str, list[str]]:
        """A regular expression for what is expected, and the new ids in its groups' order."""
        new: list[str] = []
        parts = []
        for part in re.split(f"({UUID}|{TIME}|…)", expected):
            if part == "…":
                parts.append(".*?")
            elif re.fullmatch(TIME, part):
                parts.append(TIME)
            elif not re.fullmatch(UUID, part):
                parts.append(re.escape(self.real(part)))
            elif part in self.ids:
                parts.append(self.ids[part])
            elif part in new:
                parts.append(f"\\{new.index(part) + 1}")
            else:
                new.append(part)
                parts.append(f"({UUID})")
        return "".join(parts), new

    def run(self, example: Example):
        where = f"{self.page}:{example.line}"
        assert self.bash.stdin and self.bash.stdout
        # In braces, so that a command that reads its standard input doesn't read the next ones.
        self.bash.stdin.write(
            f"{{ {self.real(example.command)}\n}} </dev/null; printf '\\n{MARK} %d\\n' $?\n"
        )
        self.bash.stdin.flush()
        output = ""
        while not (end := re.search(f"\n{MARK} (\\d+)\n$", output)):
            line = self.bash.stdout.readline()
            if not line:
                raise SystemExit(f"{where}: the shell has ended\n{output}")
            output += line
        output = output[: end.start()]
        if example.expected is None:
            if end[1] != "0":
                raise SystemExit(f"{where}: code {end[1]}\n{example.command}\n{output}")
            return
        pattern, new = self.pattern(packed(example.expected))
        found = re.fullmatch(pattern, packed(output), re.DOTALL)
        if not found:
            raise SystemExit(
                f"{where}: the page says\n{example.expected}\nbut the answer is\n{output}"
            )
        self.ids |= dict(zip(new, found.groups()))

    def end(self):
        # The session is the shell's own, with what its commands left running.
        os.killpg(self.bash.pid, signal.SIGTERM)
        try:
            self.bash.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.bash.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def too_long(*_):
    raise SystemExit("the examples take too long")


def run(executable: str, page: pathlib.Path) -> int:
    story, count = Story(executable, page), 0
    signal.alarm(120)
    try:
        for example in examples(page.read_text()):
            if os.environ.get("VERBOSE"):
                print(f"{page}:{example.line}: {example.command}", flush=True)
            story.run(example)
            count += 1
    except SystemExit:
        for log in sorted(story.folder.glob("*.log")):
            print(f"-- {log.name}\n{log.read_text(errors='replace')[-3_000:]}")
        raise
    finally:
        signal.alarm(0)
        story.end()
    if count == 0:
        raise SystemExit(f"{page}: no example found")
    print(f"{page}: {count} examples", flush=True)
    return count


if __name__ == "__main__":
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, too_long)
    executable, *pages = sys.argv[1:]
    # Each page has a daemon and a simulator of its own, and mostly waits for them.
    with ProcessPoolExecutor(len(pages)) as pool:
        counts = pool.map(run, repeat(os.path.abspath(executable)), map(pathlib.Path, pages))
        total = sum(counts)
    print(f"{total} examples, no failure")
