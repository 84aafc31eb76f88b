"""Ports that tests which run side by side don't take from each other."""

import random
import socket

# The kernel gives outgoing connections ports of its own, from 32768 on.
RANGE = range(10_000, 32_000)
_random = random.SystemRandom()
_marks: list[socket.socket] = []


def free_port() -> int:
    """A port that nothing has now, and that no other test gets for as long as this process lives.

    Whoever asks for a port opens it later, maybe again and again; a socket's name marks it meanwhile,
    which goes with the process.
    """
    while True:
        port = _random.choice(RANGE)
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0fanoutd-test-port-{port}")
        except OSError:
            mark.close()
            continue
        _marks.append(mark)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
