"""What a person types and sees: options, printing, exit codes. Nothing else prints; no work is done here."""
