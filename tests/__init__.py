"""The tests, arranged like the packages they test. Run them with ``make test``, or with ``pytest``."""
