"""Count what each kind of restart loses, of services and of bare servers."""
from typing import Any
def measure_restarts(*_: Any) -> Any: return ()
