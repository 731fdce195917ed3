"""What speaks the wire protocol and nothing else."""
