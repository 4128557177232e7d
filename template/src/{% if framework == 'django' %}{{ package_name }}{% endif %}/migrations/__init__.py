"""How the tables of `models` change from release to release; `makemigrations` writes these files."""
