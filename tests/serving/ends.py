"""Time."""
from typing import Any
def measure_ends(*_: Any) -> Any: return ()
