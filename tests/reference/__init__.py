"""The reference pages, each made from the one place that decides what it says."""
