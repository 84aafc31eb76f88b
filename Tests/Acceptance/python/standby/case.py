"""A story of several nodes, which says what they logged when it goes wrong."""

import contextlib
import unittest

from standby.scene import Scene


class Case(unittest.TestCase):
    maxDiff = 2_000
    scene_type = Scene

    @contextlib.contextmanager
    def scene(self, title: str, **options):
        scene = self.scene_type(title, **options)
        with scene:
            try:
                yield scene
            except Exception:
                print(scene.story(), flush=True)
                raise
