"""The explorer on this machine's own address, for a browser that opens no files."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def server(page: str, port: int = 0) -> ThreadingHTTPServer:
    """Make a server of one page on the loopback address; port 0 takes a free one."""
    content = page.encode("utf-8")

    class One(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path in ("/", "/index.html")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content) if found else 0))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if found:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), One)
