# SPDX-License-Identifier: Apache-2.0
"""nginx with a configuration of deploy/nginx, in which only addresses and files are others."""

import http.client
import os
import socket
import subprocess

from harness import PATIENCE, Response, until

DEPLOYED = os.path.join(os.path.dirname(__file__), "../../deploy/nginx")

MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/deployed.conf;
}}
"""


class Nginx:
    def __init__(self, server, deployed, replaced):
        """`replaced` has, for what must stand in the file once, what stands there here."""
        self.server = server
        self.folder = os.path.join(server.root, "nginx")
        os.mkdir(self.folder)
        # Handed over open, as nginx hands its sockets to a new binary: nobody else gets the port.
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        listen = {"listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;"}
        self.write_configuration(deployed, listen | replaced)
        path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
        with listener:
            self.process = subprocess.Popen(
                ["nginx", "-e", "stderr", "-c", os.path.join(self.folder, "nginx.conf")],
                pass_fds=[listener.fileno()],
                env=dict(os.environ, PATH=path, NGINX=f"{listener.fileno()};"))
        until(lambda: os.path.exists(os.path.join(self.folder, "nginx.pid"))
              or self.process.poll() is not None, "nginx to start")
        if self.process.poll() is not None:
            raise AssertionError("nginx ended; its reasons are above")

    def write_configuration(self, name, replaced):
        with open(os.path.join(DEPLOYED, name), encoding="ascii") as file:
            deployed = file.read()
        for there, here in replaced.items():
            if deployed.count(there) != 1:
                raise AssertionError(f"{there} stands {deployed.count(there)} times")
            deployed = deployed.replace(there, here)
        user = "user root;" if os.geteuid() == 0 else ""
        for name, text in (("deployed.conf", deployed),
                           ("nginx.conf", MAIN.format(folder=self.folder, user=user))):
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                file.write(text)

    def request(self, method, path, headers=(), body=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port,
                                                 context=self.server.tls(), timeout=PATIENCE)
        try:
            connection.putrequest(method, path)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            raw = connection.getresponse()
            return Response(raw, raw.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path,
                            [(k.replace("_", "-"), v) for k, v in headers.items()])

    def close(self):
        self.process.terminate()
        self.process.wait()


class Mirror(Nginx):
    """In front of an export."""

    def __init__(self, server, keys):
        super().__init__(server, "export.conf",
                         {"root /srv/asap/keys;": f"root {keys};",
                          "/etc/nginx/keys.pem": server.path("server.pem"),
                          "/etc/nginx/keys.key": server.path("server.key"),
                          "keys.example.org": "localhost"})
