"""Test hosts in network namespaces of their own, whose cables can be pulled."""

import itertools
import os
import random
import shutil
import subprocess

from standby.suite import FOLDER

# Of this run alone, so that two runs on one machine don't meet; a card's name has 15 letters.
MARK = "fo" + "".join(letter for letter in FOLDER.name[-8:] if letter.isalnum()).lower()[:6]


def ip(*arguments, check: bool = True) -> subprocess.CompletedProcess:
    return subprocess.run(["ip", *arguments], check=check, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def why_not() -> str | None:
    """Why there are no namespaces here; None if there are."""
    if not shutil.which("ip"):
        return "no program ip found; install Debian's package iproute2"
    if os.geteuid() != 0:
        return "network namespaces need root"
    mark = f"{MARK}{os.getpid() % 46_656:x}"
    name = f"{mark}-probe"
    added = ip("netns", "add", name, check=False)
    try:
        if added.returncode != 0:
            return f"network namespaces aren't allowed here: {added.stdout.strip()}"
        made = ip("link", "add", f"{mark}p", "type", "veth", "peer", "name", f"{mark}q",
                  check=False)
        ip("link", "del", f"{mark}p", check=False)
        if made.returncode != 0:
            return f"virtual network cards aren't allowed here: {made.stdout.strip()}"
        return None
    finally:
        ip("netns", "del", name, check=False)


class Host:
    """A namespace with a cable for each of its neighbours."""

    numbers = itertools.count()

    def __init__(self):
        # Each is in a process of its own.
        self.number = f"{os.getpid() % 46_656:x}{next(self.numbers)}"
        self.name = f"{MARK}-{self.number}"
        self.cables: dict[str, str] = {}
        ip("netns", "add", self.name)
        self.inside("ip", "link", "set", "lo", "up")

    def inside(self, *command):
        ip("netns", "exec", self.name, *command)

    def connect(self, name: str) -> tuple[str, str]:
        """A cable; returns the addresses of this side and of the host's."""
        index = len(self.cables)
        here, there = f"{MARK}{self.number}{index}"[-13:] + "a", "cable" + str(index)
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
        network = free_network()
        ip("addr", "add", f"{network}1/30", "dev", here)
        ip("link", "set", here, "up")
        self.inside("ip", "addr", "add", f"{network}2/30", "dev", there)
        self.inside("ip", "link", "set", there, "up")
        self.cables[name] = here
        return f"{network}1", f"{network}2"

    def pull(self, name: str):
        ip("link", "set", self.cables[name], "down")

    def plug(self, name: str):
        ip("link", "set", self.cables[name], "up")

    def remove(self):
        for cable in self.cables.values():
            ip("link", "del", cable, check=False)
        ip("netns", "del", self.name, check=False)


def free_network() -> str:
    """Four addresses that no card of this machine has."""
    taken = ip("-4", "addr").stdout + ip("-4", "route").stdout
    while True:
        network = f"10.213.{random.randrange(256)}."
        if network not in taken:
            return network


def remove_all():
    """Whatever a story that was ended has left."""
    if not shutil.which("ip") or os.geteuid() != 0:
        return
    for line in ip("netns", "list", check=False).stdout.splitlines():
        name = line.split()[0]
        if name.startswith(f"{MARK}-"):
            ip("netns", "del", name, check=False)
