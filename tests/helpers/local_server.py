"""A server on this machine that answers a download with whatever a test puts into it."""

import contextlib
import http.server
import threading


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = self.server.answer
        self.send_response(answer.get("status", 200))
        self.send_header("Content-Type", answer.get("type", "application/x-gzip"))
        self.send_header("Content-Length", str(answer.get("length", len(answer["body"]))))
        self.end_headers()
        self.wfile.write(answer["body"])

    def log_message(self, *args) -> None:
        pass


@contextlib.contextmanager
def serve(body: bytes):
    """Serve `body` at every address below `server.address`, until `server.answer` is changed.

    `server.answer` is a dict with `body`, and if need be `status`, `type` and `length`.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.answer = {"body": body}
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
