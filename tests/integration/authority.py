# SPDX-License-Identifier: Apache-2.0
"""An authority that certifies TLS clients."""

import os
import subprocess


class Authority:
    """A CA by openssl, and certificates of it."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.ca = self.at("ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-keyout", self.at("ca.key"), "-out", self.ca, "-days", "30",
                     "-subj", "/CN=" + name)

    def at(self, name):
        return os.path.join(self.folder, self.name + "-" + name)

    @staticmethod
    def openssl(*arguments):
        subprocess.run(("openssl", *arguments), check=True, capture_output=True)

    def issue(self, name, alternative_names, *options, usage="clientAuth"):
        """The path of a certificate with its key."""
        key, request, extensions, certificate = (self.at(name + "." + kind)
                                                 for kind in ("key", "csr", "ext", "pem"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", key, "-out", request, "-subj", "/CN=" + name)
        with open(extensions, "w", encoding="ascii") as file:
            file.write("extendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, alternative_names))
        self.openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.at("ca.key"),
                     "-CAcreateserial", "-out", certificate, "-extfile", extensions,
                     *(options or ("-days", "30")))
        with open(key, encoding="ascii") as source, open(certificate, "a",
                                                         encoding="ascii") as target:
            target.write(source.read())
        return certificate
