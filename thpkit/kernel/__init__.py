"""The simulated kernel: what the book quotes and the stepper steps.

Each module is named after the kernel file whose functions it holds. All state lives in
:mod:`~thpkit.kernel.kobject` structures, so that one mechanism can record, rewind and compare it.
Start with :mod:`~thpkit.kernel.machine`: it is the only door in.
"""
