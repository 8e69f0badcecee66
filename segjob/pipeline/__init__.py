"""The stages of a run, one file each: one value in, one value out; nothing is printed or parsed here."""
