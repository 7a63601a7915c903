# SPDX-License-Identifier: Apache-2.0
"""Clients that others' generators made from our contract, against a real asapd over HTTPS.

    connect_test.py COMMAND ...

The command finds the public listener as REPOSITORY_URL and, behind nginx with TLS, the admin
socket as ADMIN_URL. It runs as root or as asapd's user, and so does nginx, whom asapd hence takes
for an administrator."""

import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
from harness import ServerTest, until  # noqa: E402

COMMAND = sys.argv[1:]
TIMEOUT = 300

CONFIG = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    log_format calls '$request_method $uri "$content_type" $arg_encoding $status';
    access_log {folder}/calls calls;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {dir}/server.pem;
        ssl_certificate_key {dir}/server.key;
        location / {{
            proxy_pass http://unix:{dir}/admin.sock:;
            proxy_http_version 1.1;
            proxy_set_header Host localhost;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


class Proxy:
    """nginx in front of the admin socket."""

    def __init__(self, server):
        self.folder = os.path.join(server.root, "nginx")
        os.mkdir(self.folder)
        # Handed over open, as nginx hands its sockets to a new binary: nobody else gets the port.
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=self.folder, dir=server.dir, port=self.port,
                                     user="user root;" if os.geteuid() == 0 else ""))
        path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
        with listener:
            self.process = subprocess.Popen(
                ["nginx", "-e", "stderr", "-c", config], pass_fds=[listener.fileno()],
                env=dict(os.environ, PATH=path, NGINX=f"{listener.fileno()};"))
        until(lambda: os.path.exists(os.path.join(self.folder, "nginx.pid"))
              or self.process.poll() is not None, "nginx to start")
        if self.process.poll() is not None:
            raise AssertionError("nginx ended; its reasons are above")

    def calls(self):
        with open(os.path.join(self.folder, "calls"), encoding="utf-8") as file:
            return file.read()

    def close(self):
        self.process.terminate()
        self.process.wait()


class GeneratedClient(ServerTest):
    def test_it_calls_everything_as_it_was_generated(self):
        proxy = Proxy(self.server)
        self.addCleanup(proxy.close)
        environment = dict(os.environ, CA_FILE=self.server.path("ca.pem"),
                           ADMIN_URL=f"https://127.0.0.1:{proxy.port}",
                           REPOSITORY_URL=self.server.url)
        subprocess.run(COMMAND, env=environment, check=True, timeout=TIMEOUT)

        calls = proxy.calls()
        self.assertIn('POST /asap.v1.IssuerAdmin/CreateIssuer "application/proto" - 200', calls)
        self.assertIn('GET /asap.v1.KeyAdmin/ListKeys "-" proto 200', calls)
        self.assertIn('GET /asap.v1.KeyAdmin/ListKeys "-" proto 400', calls)
        self.assertIn('GET /asap.v1.AuditLog/ListEvents "-" proto 200', calls)
        self.assertIn('POST /asap.v1.CallerAdmin/CreateCredential "application/proto" - 200', calls)
        for changing in ("IssuerAdmin/CreateIssuer", "CallerAdmin/CreateCaller"):
            self.assertNotIn("GET /asap.v1." + changing, calls)
        self.assertNotIn(" 500", calls)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
