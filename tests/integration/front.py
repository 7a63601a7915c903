# SPDX-License-Identifier: Apache-2.0
"""What stands in front of asapd, with a configuration of deploy/ in which only addresses and files
are others."""

import http.client
import os
import socket
import subprocess

from harness import PATIENCE, Response, exchange, until

DEPLOYED = os.path.join(os.path.dirname(__file__), "../../deploy")


class Front:
    """A proxy with TLS on a port of its own; a subclass says how it is started."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = os.path.join(server.root, folder)
        os.mkdir(self.folder)
        # Handed over open, so that nobody else gets the port.
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def write_deployed(self, name, deployed, replaced):
        """`replaced` has, for what must stand in the file once, what stands there here."""
        with open(os.path.join(DEPLOYED, deployed), encoding="ascii") as file:
            text = file.read()
        for there, here in replaced.items():
            if text.count(there) != 1:
                raise AssertionError(f"{there} stands {text.count(there)} times")
            text = text.replace(there, here)
        self.write(name, text)

    def start(self, command, is_up, **environment):
        """Starts what inherits the listener; `is_up` says when it serves."""
        path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
        with self.listener:
            self.process = subprocess.Popen(command, pass_fds=[self.listener.fileno()],
                                            env=dict(os.environ, PATH=path, **environment))
        until(lambda: is_up() or self.process.poll() is not None, command[0] + " to start")
        if self.process.poll() is not None:
            raise AssertionError(command[0] + " ended; its reasons are above")

    def connection(self, client):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.server.tls(),
                                           timeout=PATIENCE, source_address=(client, 0))

    def connect(self):
        """A TLS connection to write raw bytes to."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        return self.server.tls().wrap_socket(plain, server_hostname="localhost")

    def request(self, method, path, headers=(), body=None, client="127.0.0.1"):
        """As the client of this address."""
        connection = self.connection(client)
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

    def rpc(self, method, request, bearer=None, client="127.0.0.1", headers=None):
        """As harness.Server.rpc()."""
        fields = {"Content-Type": "application/json", **(headers or {})}
        if bearer is not None:
            fields["Authorization"] = "Bearer " + bearer
        return exchange(self.connection(client), method, request, fields)

    def close(self):
        self.process.terminate()
        self.process.wait()
