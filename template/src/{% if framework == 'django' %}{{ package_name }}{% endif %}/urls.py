"""Which path leads where: the one place where the service's parts meet."""

from django.urls import path

from . import errors, health, hello

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("version", health.version),
    path("", hello.welcome),
    path("hello/<name>", hello.hello),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.unexpected
