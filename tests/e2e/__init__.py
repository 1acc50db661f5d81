"""The real command line against a real engine: intent first, state asked of the engine and of independent clients."""
