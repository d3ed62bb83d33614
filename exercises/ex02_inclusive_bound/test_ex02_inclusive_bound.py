"""Grade exercise ex02: ``pytest exercises/ex02_inclusive_bound``.

Your copy in work/ex02/ is graded if there is one, else the file beside this test. It is never imported here.
"""

from thpkit.grading.pytest_face import checks_of

test_ex02 = checks_of(__file__)
