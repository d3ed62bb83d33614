"""Grade exercise ex07: ``pytest exercises/ex07_mapped_before_findable``.

Your copy in work/ex07/ is graded if there is one, else the sheet beside this test.
"""

from thpkit.grading.pytest_face import checks_of

test_ex07 = checks_of(__file__)
