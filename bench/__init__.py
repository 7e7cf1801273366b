"""Speed and memory, measured side by side in one run: `make bench`, which is `python -m bench`.

Not part of the service: it starts an installation of its own on free ports, under a temporary folder,
and ends it again. What came out is kept in docs/developing/benchmarks.md.
"""
