"""Figures, each by a command: `python -m benchmarks` runs all, `python -m benchmarks box` one."""
