"""Recording and time travel: a run of the simulated kernel, statement by statement, forwards and backwards.

:func:`~thpkit.trace.recorder.record` makes a :class:`~thpkit.trace.timeline.Timeline`. Around it:

* :mod:`~thpkit.trace.statements` and :mod:`~thpkit.trace.policy`: what a step is, and which code steps;
* :mod:`~thpkit.trace.tape`, :mod:`~thpkit.trace.cells`, :mod:`~thpkit.trace.history`: what is kept, and who
  wrote what;
* :mod:`~thpkit.trace.sections`, :mod:`~thpkit.trace.stops`, :mod:`~thpkit.trace.folds`: how a recording is divided;
* :mod:`~thpkit.trace.moves`: where each key of the stepper goes;
* :mod:`~thpkit.trace.digest`: comparing states; :mod:`~thpkit.trace.saved`: recordings in files.
"""
