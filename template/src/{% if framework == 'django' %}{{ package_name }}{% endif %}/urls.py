"""Which path leads where: the one place where the service's parts meet."""

from django.urls import path

from . import errors, health, hello

urlpatterns = [
    path("hello/<name>", hello.hello),
    path("", hello.welcome),
    path("health/live", health.live),  # last: paths are tried in this order, and probes are few
    path("health/ready", health.ready),
    path("version", health.version),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.unexpected
