"""Pure numpy: arrays in, frozen dataclasses out. No SQL, no files, no clock, no global random state."""
