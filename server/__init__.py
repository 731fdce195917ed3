"""Who is listening: the door, the live frames and the command line."""
