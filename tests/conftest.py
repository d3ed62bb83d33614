"""Property tests are fast and give the same result every time; ``THP_LONG=1`` searches longer, at random."""

from __future__ import annotations

import gc
import os

from hypothesis import settings

os.environ["LC_ALL"] = (
    "C.UTF-8"  # what is printed does not depend on whose machine this is
)
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)  # nor on his window, if his shell exports its size

# Recordings are large and live long: to walk them again and again takes a quarter of the time.
gc.set_threshold(50_000, 20, 100)

settings.register_profile("default", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("long" if os.environ.get("THP_LONG") == "1" else "default")
