"""stub"""
def names(): return []
def describe(env): return []
def make(names, layout, env): pass
