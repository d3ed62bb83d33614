"""The last version, of 2 September 2019. It was not merged, and no sixth was posted."""
