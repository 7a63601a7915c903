# SPDX-License-Identifier: Apache-2.0
"""nginx with a configuration of deploy/nginx."""

import os

from front import Front

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


class Nginx(Front):
    def __init__(self, server, deployed, replaced):
        super().__init__(server, "nginx")
        listen = {"listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;"}
        self.write_deployed("deployed.conf", "nginx/" + deployed, listen | replaced)
        user = "user root;" if os.geteuid() == 0 else ""
        self.write("nginx.conf", MAIN.format(folder=self.folder, user=user))
        # nginx takes over the sockets of an old binary.
        self.start(["nginx", "-e", "stderr", "-c", self.path("nginx.conf")],
                   lambda: os.path.exists(self.path("nginx.pid")),
                   NGINX=f"{self.listener.fileno()};")


class Mirror(Nginx):
    """In front of an export."""

    def __init__(self, server, keys):
        super().__init__(server, "export.conf",
                         {"root /srv/asap/keys;": f"root {keys};",
                          "/etc/nginx/keys.pem": server.path("server.pem"),
                          "/etc/nginx/keys.key": server.path("server.key"),
                          "keys.example.org": "localhost"})
