"""Weights and the processes that serve them."""
