"""What can be done: tools, the jobs that run them, and the models they use."""
