"""Openly licensed small drawings of things, found by word or by meaning."""
