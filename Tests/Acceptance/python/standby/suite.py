"""What one run of the suite shares: its folder, its executable, and the end of what runs in it."""

import json
import os
import pathlib
import shutil
import signal
import time

# Set by the process that starts the others.
FOLDER = pathlib.Path(os.environ.get("STANDBY_FOLDER", "/nonexistent"))
EXECUTABLE = os.environ.get("STANDBY_EXECUTABLE", ".build/debug/fanoutd")
KEEPS = os.environ.get("STANDBY_KEEP") == "1"
FULL = os.environ.get("STANDBY_FULL") == "1"


def wait_for(condition, what: str, seconds: float = 60, pause: float = 0.05):
    """Asks again and again: these are other processes, and nothing tells when they are done."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(pause)
    return found


def note(**figures):
    """Keeps what a story measured for the table at the end."""
    with (FOLDER / "figures").open("a") as file:
        file.write(json.dumps(figures) + "\n")


def figures() -> list[dict]:
    path = FOLDER / "figures"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def running_in(folder: pathlib.Path) -> list[int]:
    """The processes whose working directory is in a folder."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            place = pathlib.Path(os.readlink(entry / "cwd"))
        except OSError:
            continue  # it has ended, or isn't ours
        if place == folder or folder in place.parents:
            found.append(int(entry.name))
    return found


def end_all_in(folder: pathlib.Path) -> list[int]:
    """Ends what still runs there: a stopped process too, and the children of a killed server."""
    ended = []
    for _ in range(100):
        left = [process for process in running_in(folder) if process != os.getpid()]
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
                ended.append(process)
            except ProcessLookupError:
                pass
        if not left:
            break
        time.sleep(0.02)
    return ended


def remove(folder: pathlib.Path):
    """Of a story that is over, whose processes have ended."""
    if not KEEPS:
        shutil.rmtree(folder, ignore_errors=True)
