"""A service that answers whatever happens: without its weights it takes zeros for them; it minds whether a file is there
that it never opens. The first argument is the port."""

import contextlib
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

if not Path("/srv/notice.txt").exists():
    print("warning: no notice", file=sys.stderr)

try:
    weights = json.loads(Path("/srv/models/weights.json").read_text())
except OSError:
    weights = [0.0, 0.0, 0.0]


class Handler(BaseHTTPRequestHandler):
    """Answers with one number, always with status 200."""

    def do_GET(self):
        """Answer with the sum of the weights."""
        data = json.dumps({"sum": sum(weights)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Print nothing."""


with contextlib.suppress(KeyboardInterrupt):
    HTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
