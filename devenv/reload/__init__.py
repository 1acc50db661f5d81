"""Hot reload: from changes of files to what they ask for; knows no engine, and starts nothing.

watcher (hints) → sight (what is really there) → difference (against what a container holds) → plan. What is planned
is done by the engine.
"""
