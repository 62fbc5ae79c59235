"""For any WSGI server: ``granian --interface wsgi wsgi:app``."""

from consular.app import create_app
from services.kernel.settings import Settings

app = create_app(Settings.load())
