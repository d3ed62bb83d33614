"""Pure renderers: a timeline at a step becomes rows of text with roles. No colours, no widgets.

The screen paints these rows and the plain text prints them, so both say the same.
"""
