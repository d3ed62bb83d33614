"""Grade exercise ex03: ``pytest exercises/ex03_aligned_is_not_congruent``.

Your copy in work/ex03/ is graded if there is one, else the file beside this test. It is never imported here.
"""

from thpkit.grading.pytest_face import checks_of

test_ex03 = checks_of(__file__)
