"""Grade exercise ex01: ``pytest exercises/ex01_one_sided_counter``.

Your copy in work/ex01/ is graded if there is one, else the file beside this test. It is never imported here.
"""

from thpkit.grading.pytest_face import checks_of

test_ex01 = checks_of(__file__)
