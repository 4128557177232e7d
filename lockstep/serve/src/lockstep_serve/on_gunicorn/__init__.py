"""gunicorn, its manager and its workers, as the models with gunicorn run them."""
