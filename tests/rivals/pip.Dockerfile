# As FastAPI's documentation has it: pip, requirements first, then the code. The service's package is installed for its entry points.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
WORKDIR /code
COPY ./requirements.txt /code/requirements.txt
RUN pip install --no-cache-dir --upgrade -r /code/requirements.txt
COPY . /code
RUN pip install --no-cache-dir --no-deps /code
CMD ["python", "-m", "lockstep", "serve"]
