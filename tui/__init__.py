"""The command line ``thp`` and the terminal stepper.

:mod:`tui.cli` parses arguments and runs everything that needs no screen, without importing Textual; :mod:`tui.app`
and its neighbours are the screen. What stands on it comes from :mod:`thpkit.view`, so the plain text says the same.
"""
