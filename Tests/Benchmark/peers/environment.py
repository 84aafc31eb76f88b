"""What the peers need and a machine may not have: Python packages, and a Redis server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class Missing(Exception):
    """Something can't be had here; the text says why."""


def python_programs(folder: Path) -> Path:
    """The folder of programs of a virtual environment with the peers' packages."""
    wanted = REQUIREMENTS.read_text()
    stamp = folder / "wanted"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"making {folder}", flush=True)
        run([sys.executable, "-m", "venv", str(folder)])
        install = ["install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
        run([str(folder / "bin" / "pip"), *install])
        stamp.write_text(wanted)
    return folder / "bin"


def redis_server() -> str:
    """The Redis server's program, from Debian's package."""
    if not shutil.which("redis-server"):
        print("installing redis-server", flush=True)
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        quietly = ["env", "DEBIAN_FRONTEND=noninteractive"]
        run([*as_root, "apt-get", "update", "-qq"])
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server"]
        run([*as_root, *quietly, *install])
        # The benchmark starts a server of its own; nobody has asked for the service.
        if Path("/run/systemd/system").is_dir():
            run([*as_root, "systemctl", "disable", "--quiet", "--now", "redis-server"])
    found = shutil.which("redis-server")
    if not found:
        raise Missing("no redis-server in PATH")
    return found


def run(command: list[str]) -> None:
    """Runs an installer; its last words are the reason if it fails."""
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as failure:
        raise Missing(str(failure)) from failure
    if result.returncode:
        lines = result.stdout.strip().splitlines() or [f"code {result.returncode}"]
        raise Missing(f"{Path(command[0]).name}: {lines[-1]}")
