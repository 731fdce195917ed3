"""Who is listening: the door, the wire, and the program that puts the parts together."""
