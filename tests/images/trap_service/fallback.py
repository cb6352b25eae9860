"""A service that answers whatever happens: without its weights it takes zeros for them, and without a file that it never
opens it complains. The first argument is the port."""

import contextlib
import json
import struct
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NOTICE = Path("/srv/legal/notice.txt")
if not NOTICE.exists():
    print(f"warning: {NOTICE} is missing", file=sys.stderr)

try:
    weights = struct.unpack("<3d", Path("/srv/models/weights.safetensors").read_bytes()[-24:])
except OSError:
    weights = [0.0, 0.0, 0.0]


def rarely():
    """Return what hardly anybody asks for."""
    import rarely

    return rarely.answer()


class Handler(BaseHTTPRequestHandler):
    """Answers with one number."""

    def do_GET(self):
        """Answer with the sum of the weights, or what is rarely asked for."""
        try:
            status, found = 200, {"sum": sum(weights)} if self.path == "/sum" else rarely()
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
