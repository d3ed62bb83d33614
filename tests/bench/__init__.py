"""Measurements, compared with the budget of the design: ``make bench``, or ``python -m tests.bench``.

Each sibling module ``bench_*.py`` has a function ``rows()`` that measures and returns
``(figure, measured, budget)``; a budget is text such as ``<= 80 B``, ``≥ 58 of 60`` or ``report``.
"""
