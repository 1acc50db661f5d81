"""Speed claims as scripts: both sides in one run, medians and ratios; never a test, and never part of one."""
