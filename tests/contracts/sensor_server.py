"""A real SensorThings server: django-ogc-sensorthings on SQLite, in a process of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

from tests.contracts.servers import Process, free_port

SETTINGS = """
from uuid import UUID
SECRET_KEY = "test"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "sta_site"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "sensorthings.versions.v1_1",
    "sensorthings.versions.v1_1.backends.django",
    {extension}
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {database!r},
    "OPTIONS": {{"timeout": 20}}}}}}
SENSORTHINGS_V1_1_SERVICE_URL = {url!r}
SENSORTHINGS_V1_1_BACKEND_ADAPTER = (
    "sensorthings.versions.v1_1.backends.django.adapter.DjangoBackendAdapter")
SENSORTHINGS_V1_1_ID_TYPE = UUID
SENSORTHINGS_V1_1_ID_DELIMITER = "'"
SENSORTHINGS_V1_1_MAX_POST_DATA_ARRAY_OBSERVATIONS = {most}
"""
SITE = """
from django.urls import include, path
urlpatterns = [path("sensorthings/", include("sensorthings.versions.v1_1.urls"))]
"""
ASGI = """
from django.core.asgi import get_asgi_application
application = get_asgi_application()
"""
DATA_ARRAY = '"sensorthings.versions.v1_1.extensions.dataarray",'


@contextmanager
def sensor_server(folder: Path, *, bulk: bool = True, most: int = 10_000) -> Iterator[Process]:
    """Its root is `<url>/sensorthings/v1.1`. *bulk*: with the data-array extension, which takes
    *most* observations at once."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = SETTINGS.format(
        most=most,
        extension=DATA_ARRAY if bulk else "",
        database=str(folder / "sta.db"),
        url=f"{url}/sensorthings",
    )
    for name, text in (("settings", settings), ("site", SITE), ("asgi", ASGI)):
        (folder / f"sta_{name}.py").write_text(text)
    home = os.environ | {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "sta_settings"}
    migrate = [sys.executable, "-W", "ignore", "-m", "django", "migrate", "-v0"]
    run(migrate, env=home, check=True, cwd=folder)
    serve = [sys.executable, "-W", "ignore", "-m", "uvicorn", "sta_asgi:application",
             "--port", str(port), "--log-level", "error", "--lifespan", "off"]  # fmt: skip
    process = Process(serve, url, "/sensorthings/v1.1", env=home, cwd=folder)
    process.start()
    try:
        yield process
    finally:
        process.kill()
