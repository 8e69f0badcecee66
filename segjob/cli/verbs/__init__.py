"""One function per verb, in rooms like those of `segjob.commands`: parse, call one job, print."""
