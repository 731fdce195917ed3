"""The agent as a model called ``rhapsode``, for programs that speak OpenAI's chat protocol."""
