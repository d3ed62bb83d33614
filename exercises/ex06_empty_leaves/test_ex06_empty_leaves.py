"""Grade exercise ex06: ``pytest exercises/ex06_empty_leaves``.

Your copy in work/ex06/ is graded if there is one, else the sheet beside this test.
"""

from thpkit.grading.pytest_face import checks_of

test_ex06 = checks_of(__file__)
