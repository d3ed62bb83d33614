"""Grade exercise ex10: ``pytest exercises/ex10_review_of_v4``.

Your copy in work/ex10/ is graded if there is one, else the sheet beside this test.
"""

from thpkit.grading.pytest_face import checks_of

test_ex10 = checks_of(__file__)
