"""The agent behind OpenAI's own endpoints."""
