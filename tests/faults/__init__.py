"""Faults that are planted in a service, one at a time, and what names them: the sessions, and the tools of today."""
