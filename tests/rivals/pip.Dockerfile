# As FastAPI's documentation has it: pip, requirements first, then the code. The service's wheel is built before.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
WORKDIR /code
COPY ./requirements.txt /code/requirements.txt
COPY .lockstep /code/.lockstep
RUN pip install --no-cache-dir --upgrade -r /code/requirements.txt
COPY dist /code/dist
RUN pip install --no-cache-dir --no-deps /code/dist/*.whl
CMD ["python", "-m", "lockstep_serve", "serve"]
