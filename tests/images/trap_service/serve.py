"""A service with the habits that slimming trips over; each route has one. The first argument is the port."""

import contextlib
import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import scoring

asked = 0


def predict(body):
    """Score values; from the second request on with a module that is imported then."""
    global asked
    asked += 1
    scores = scoring.scores(json.loads(body)["values"])
    if asked > 1:
        import late

        scores = late.calibrated(scores)
    return {"scores": scores.tolist()}


def shout(_):
    """Have another program say something."""
    done = subprocess.run(["/srv/app/helper.sh", "hello"], capture_output=True, text=True, check=True)
    return {"said": done.stdout}


def remember(_):
    """Write into the user's home, and read it back."""
    note = Path.home() / "note"
    note.write_text("remembered")
    return {"home": str(Path.home()), "user": os.getuid(), "note": note.read_text()}


def certificates(_):
    """Count the authorities that a client would trust."""
    import ssl

    return {"authorities": len(ssl.create_default_context().get_ca_certs())}


def spoken(_):
    """Take up the language that the environment names."""
    import locale

    return {"locale": locale.setlocale(locale.LC_ALL, "")}


def clock(_):
    """Tell a moment in the time zone that the environment names."""
    return {"time": time.strftime("%H:%M %Z", time.localtime(1_782_900_000))}


def extra(_):
    """Do what hardly anybody asks for, with a module and a file of its own."""
    import extra

    return extra.answer()


ROUTES = {
    "/health": lambda _: {"status": "ok"},
    "/predict": predict,
    "/shout": shout,
    "/remember": remember,
    "/certificates": certificates,
    "/spoken": spoken,
    "/clock": clock,
    "/extra": extra,
}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON; a route that raises is 500 with the error's text."""

    def do_GET(self):
        """Answer a question without a body."""
        self.answer(b"")

    def do_POST(self):
        """Answer a question with a body."""
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        """Send what the route returns."""
        try:
            status, found = 200, ROUTES[self.path](body)
        except Exception as problem:
            status, found = 500, {"error": f"{type(problem).__name__}: {problem}"}
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Print nothing."""


with contextlib.suppress(KeyboardInterrupt):
    HTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
