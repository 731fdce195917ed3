"""What is being thought: one turn, from the facts in the log to new facts."""
