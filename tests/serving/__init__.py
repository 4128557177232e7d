"""Parts of `serving_bench.py`."""
