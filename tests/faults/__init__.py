"""Faults that are planted in a service, one at a time, and what names them: the gates, and the tools that people use today."""
