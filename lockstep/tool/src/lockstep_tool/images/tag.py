"""Name the image that a checkout builds."""

from lockstep_tool.service import Service

__all__ = ["image_tag"]


def image_tag(service: Service) -> str:
    """The tag of the service's own image."""
    return f"localhost/{service.lock.root['name']}:lockstep"
