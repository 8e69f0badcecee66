"""The Python interface: what the verbs do, with pandas data frames. Calls commands, prints nothing."""
