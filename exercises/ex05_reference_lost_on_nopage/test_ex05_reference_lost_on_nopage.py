"""Grade exercise ex05: ``pytest exercises/ex05_reference_lost_on_nopage``.

Your copy in work/ex05/ is graded if there is one, else the file beside this test. It is never imported here.
"""

from thpkit.grading.pytest_face import checks_of

test_ex05 = checks_of(__file__)
