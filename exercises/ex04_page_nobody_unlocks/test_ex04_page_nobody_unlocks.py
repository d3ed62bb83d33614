"""Grade exercise ex04: ``pytest exercises/ex04_page_nobody_unlocks``.

Your copy in work/ex04/ is graded if there is one, else the file beside this test. It is never imported here.
"""

from thpkit.grading.pytest_face import checks_of

test_ex04 = checks_of(__file__)
