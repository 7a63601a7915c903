# SPDX-License-Identifier: Apache-2.0
"""HAProxy with a configuration of deploy/haproxy."""

import socket

from front import Front

GLOBAL = """
global
    stats socket {folder}/stats.sock
"""


class HAProxy(Front):
    def __init__(self, server, deployed, replaced):
        super().__init__(server, "haproxy")
        listen = {"bind :443 ssl": f"bind fd@{self.listener.fileno()} ssl"}
        self.write("global.cfg", GLOBAL.format(folder=self.folder))
        self.write_deployed("deployed.cfg", "haproxy/" + deployed, listen | replaced)
        self.start(["haproxy", "-db", "-f", self.path("global.cfg"), "-f",
                    self.path("deployed.cfg")], self.is_up)

    def is_up(self):
        """Whether it serves, and has found all servers that it looks after up or down."""
        with socket.socket(socket.AF_UNIX) as stats:
            if stats.connect_ex(self.path("stats.sock")) != 0:
                return False
            stats.sendall(b"show stat\n")
            rows = b"".join(iter(lambda: stats.recv(65536), b"")).decode("ascii").splitlines()
        return all("/" not in row.split(",")[17] for row in rows[1:] if "," in row)
