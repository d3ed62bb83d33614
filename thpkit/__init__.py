"""thpkit: the kernel path under read-only file huge pages, as a textbook you can run.

The rooms, each of which may import only those named before it:
``kernel``, ``checks``, ``trace``, ``scenario``, ``patch``, ``view``, then ``book`` and ``grading``.
Nothing here imports textual or rich: the screen lives in the package ``tui``.
"""
