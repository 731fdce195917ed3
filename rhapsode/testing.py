"""What the tests of a plug-in import: a context in memory and the conformance suite."""

from tools.testing import Check, MemoryContext, Step, conformance, fake_embed, sample_params

__all__ = ["Check", "MemoryContext", "Step", "conformance", "fake_embed", "sample_params"]
