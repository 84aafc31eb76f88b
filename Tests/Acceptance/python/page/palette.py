"""Colours as eyes tell them apart: contrast after WCAG, difference in Lab, three colour blindnesses."""

import itertools
import math

# Of part and surface, in the light theme and in the dark one.
COLOURS = {
    "sent": ("#1f9a60", "#63e0a6"),
    "sending": ("#0b3d91", "#4a8ff5"),
    "retrying": ("#b97815", "#f3b32a"),
    "failed": ("#8a0f22", "#e0383f"),
    "unknown": ("#a94fd6", "#d7beee"),
    "queued": ("#788597", "#6b7278"),
}
SURFACES = ("#ffffff", "#171b21")

# Machado, Oliveira and Fernandes 2009, severity 1, on linear light.
SIGHT = {
    "full": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuter": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# The D65 white's rows of sRGB in XYZ, each divided by the white's own value.
XYZ = [
    [0.433953, 0.376219, 0.189828],
    [0.212673, 0.715152, 0.072175],
    [0.017758, 0.109477, 0.872766],
]


def linear(colour: str) -> list[float]:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def through(matrix, vector) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def contrast(one: str, other: str) -> float:
    dark, light = sorted(through(XYZ, linear(colour))[1] for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    seen = [min(1, max(0, part)) for part in through(SIGHT[sight], linear(colour))]
    x, y, z = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
        for part in through(XYZ, seen)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def closest(colours: dict[str, str], sight: str) -> tuple[float, str, str]:
    """The two that this sight can tell apart least, and by how much."""
    return min(
        (math.dist(lab(colours[one], sight), lab(colours[other], sight)), one, other)
        for one, other in itertools.combinations(colours, 2)
    )


def faults(colours: dict[str, str], surface: str) -> list[str]:
    found = [
        f"{name} {colour} has {ratio:.2f} : 1 on {surface}, wanted 3.3"
        for name, colour in colours.items()
        if (ratio := contrast(colour, surface)) < 3.3
    ]
    for sight in SIGHT:
        difference, one, other = closest(colours, sight)
        if difference < 21:
            found.append(f"{one} and {other} differ by {difference:.1f} for {sight}, wanted 21")
    return found
