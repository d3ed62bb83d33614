"""Grade exercise ex09: ``pytest exercises/ex09_expose_the_rmap``.

Your copy in work/ex09/ is graded if there is one, else the calls beside this test.
"""

from thpkit.grading.pytest_face import checks_of

test_ex09 = checks_of(__file__)
