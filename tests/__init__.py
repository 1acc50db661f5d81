"""The tests: unit, golden, recipes, architecture and packaging need no engine; contract and e2e run on a real one."""
