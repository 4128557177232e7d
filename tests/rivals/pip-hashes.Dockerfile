# As a careful team has it without uv: pip with hashes, in a virtual environment that a second stage takes over, not as root.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE} AS builder
WORKDIR /app
RUN python -m venv --without-pip /app/.venv
COPY requirements.txt ./
COPY .lockstep ./.lockstep
RUN pip --python /app/.venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY dist ./dist
RUN pip --python /app/.venv/bin/python install --no-cache-dir --no-deps ./dist/*.whl

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 999 nonroot
COPY --from=builder /app/.venv /app/.venv
ENV PATH="/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1
USER nonroot
WORKDIR /app
CMD ["python", "-m", "lockstep_serve", "serve"]
