"""HTTP routes, one noun a module. Each module offers ``router``."""
