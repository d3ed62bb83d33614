"""Grade exercise ex08: ``pytest exercises/ex08_ledger_of_two``.

Your copy in work/ex08/ is graded if there is one, else the sheet beside this test.
"""

from thpkit.grading.pytest_face import checks_of

test_ex08 = checks_of(__file__)
