"""Tools and models that live elsewhere."""
