"""The next version, of 15 August 2019: inserted first, then read, then mapped, as the review asked (K17).

Much of the rest is as it was, and the new order brings mistakes of its own.
"""
