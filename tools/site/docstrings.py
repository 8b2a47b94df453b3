"""The docstrings of chalknet as griffe knows them: an example is a section of doctests."""

import re

import griffe


class Examples(griffe.Extension):
    """Calls the section `Example:` as griffe does, which otherwise takes its doctests for text."""

    def on_object(self, *, obj, **_):
        """Rename the section in the docstring of each object."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.M)
