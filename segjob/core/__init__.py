"""Pure numpy: arrays in, frozen dataclasses out. No SQL, no files, no global random state.

Fits are timed; nothing that is computed depends on the time.
"""
