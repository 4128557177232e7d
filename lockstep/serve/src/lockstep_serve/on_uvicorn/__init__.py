"""uvicorn, as the models run it in which it speaks HTTP."""
