# Stands for python:slim: Debian with a shell and apt, and CPython below /usr/local. Made of what is in reach here.
ARG PACKAGING
FROM ${PACKAGING} AS unpacked
ADD python.tar.gz /
RUN rm -rf /python/share /python/lib/tk* /python/lib/tcl*

FROM ${PACKAGING}
COPY --from=unpacked /python/ /usr/local/
COPY certificates.pem /etc/ssl/certs/ca-certificates.crt
ENV LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt
COPY pip /opt/pip
RUN for name in python3 python; do ln -sf "$(ls -d /usr/local/bin/python3.1? | head -1)" "/usr/local/bin/$name"; done; \
    python -m zipfile -e /opt/pip/*.whl "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; rm -r /opt/pip; \
    printf '#!/usr/local/bin/python3\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n' > /usr/local/bin/pip; \
    chmod 0755 /usr/local/bin/pip
CMD ["python3"]
