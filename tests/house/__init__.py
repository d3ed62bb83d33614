"""The rules of the house, as functions that report sentences; the tests beside assert that there are none."""
