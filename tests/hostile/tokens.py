# SPDX-License-Identifier: Apache-2.0
"""Hostile tokens, and harmless ones beside them, each with what a verifier has to say of it.

    tokens.py SEED FOLDER [NOW]

makes one key of each kind, writes FOLDER/NAME.pem (public), and prints a row for each token as a
line of JSON: its rule of security.md (V1 ...), what it tries, its bytes in hex, and the reason of
the refusal, "" where it is to be accepted and "*" where any will do. "raw": it cannot be in a
header of HTTP or a line of text."""

import base64
import json
import os
import random
import sys
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "web/api"
AUDIENCE = "orders"
CURVES = {
    "p256": (ec.SECP256R1(), 32, "ES256"),
    "p384": (ec.SECP384R1(), 48, "ES384"),
    "p521": (ec.SECP521R1(), 66, "ES512")
}
ORDERS = {
    "p256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "p384": int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
        "581a0db248b0a77aecec196accc52973", 16),
    "p521": int(
        "1ff" + 63 * "f" + "a51868783bf2f966b7fcc0148f709a5d0"
        "3bb5c9b8899c47aebb6fb71e91386409", 16)
}
ED_ORDER = 2**252 + 27742317777372353535851937790883648493
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
KEY_OF = {
    "RS256": "rsa",
    "RS384": "rsa",
    "RS512": "rsa",
    "PS256": "rsa",
    "PS384": "rsa",
    "PS512": "rsa",
    "ES256": "p256",
    "ES384": "p384",
    "ES512": "p521",
    "EdDSA": "ed"
}
HOUR = 3600


def b64(data):
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def dump(value):
    return json.dumps(value, separators=(",", ":"))


def pss(digest, salt, mgf=None):
    return padding.PSS(mgf=padding.MGF1(mgf or digest), salt_length=salt)


class Maker:

    def __init__(self, seed, now):
        self.random = random.Random(seed)
        self.now = now
        self.rows = []
        self.keys = {
            "rsa": rsa.generate_private_key(65537, 2048),
            "ed": ed25519.Ed25519PrivateKey.generate(),
            "stranger": ec.generate_private_key(ec.SECP256R1())
        }
        for name, (curve, _, _) in CURVES.items():
            self.keys[name] = ec.generate_private_key(curve)
        self.jti = 0

    # Parts of a token

    def claims(self, **changes):
        """Good claims, but for these; None leaves one out."""
        self.jti += 1
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": self.now,
            "exp": self.now + 600,
            "jti": f"j{self.jti}",
            **changes
        }
        return {k: v for k, v in claims.items() if v is not None}

    def header(self, **changes):
        header = {"alg": "ES256", "kid": ISSUER + "/p256", "typ": "JWT", **changes}
        return {k: v for k, v in header.items() if v is not None}

    def sign(self, text, alg, key=None):
        """The signature of `text` as bytes."""
        key = self.keys[key or KEY_OF[alg]]
        data = text.encode("ascii")
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        digest = HASHES[alg[2:]] if alg[2:] in HASHES else hashes.SHA256()
        if isinstance(key, rsa.RSAPrivateKey):
            scheme = pss(digest, digest.digest_size) if alg[0] == "P" else padding.PKCS1v15()
            return key.sign(data, scheme, digest)
        width = (key.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")

    def compact(self, header, claims, alg="ES256", key=None):
        """A token that is signed as its header need not say; both parts are text or objects."""
        text = ".".join(
            b64(part if isinstance(part, (str, bytes)) else dump(part))
            for part in (header, claims))
        return text + "." + b64(self.sign(text, alg, key))

    def good(self, alg="ES256", **changes):
        return self.compact(self.header(alg=alg, kid=f"{ISSUER}/{KEY_OF[alg]}"),
                            self.claims(**changes), alg)

    # Rows

    def add(self, rule, what, token, reason="", **flags):
        data = token if isinstance(token, bytes) else token.encode("utf-8")
        self.rows.append({
            "rule": rule,
            "what": what,
            "token": data.hex(),
            "reason": reason,
            **flags
        })

    def claim(self, rule, reason, **changes):
        what = ", ".join(f"{k}={str(v)[:40]!r}" for k, v in changes.items())
        self.add(rule, what, self.compact(self.header(), self.claims(**changes)), reason)

    def raw_claims(self, rule, what, text, reason):
        self.add(rule, what, self.compact(self.header(), text), reason)

    def head(self, rule, reason, **changes):
        what = ", ".join(f"{k}={str(v)[:40]!r}" for k, v in changes.items())
        self.add(rule, what, self.compact(self.header(**changes), self.claims()), reason)

    def of_length(self, length):
        """A good token of exactly so many characters."""
        for extra in range(8):
            header = self.header(pad="x" * extra)
            low = len(self.compact(header, self.claims(**{f"p{i}": "x" * 700 for i in range(7)})))
            for more in range((length - low) * 3 // 4 - 60, (length - low) * 3 // 4 + 8):
                fill = {f"p{i}": "x" * 700 for i in range(7)}
                fill["q"] = "x" * min(more, 1000)
                fill["r"] = "x" * max(more - 1000, 0)
                token = self.compact(header, self.claims(**fill))
                if len(token) == length:
                    return token
        raise AssertionError("no token of that length")

    def sizes(self):
        self.add("V1", "8192 characters", self.of_length(8192))
        self.add("V1", "8193 characters", self.of_length(8192) + "A", "TOKEN_SIZE")
        self.add("V1", "15 characters", "aaaa.bbbb.ccccc", "TOKEN_SIZE")
        self.add("V1", "8250 characters", "a." + "A" * 8000 + "." + "A" * 247, "TOKEN_SIZE")
        token = self.good()
        self.add("V1", "nothing", b"", "TOKEN_SIZE", raw=True)
        for what, text in (("a NUL at the end", token + "\0"), ("a NUL within", "\0".join(
            (token[:9], token[9:]))), ("a newline at the end", token + "\n"),
                           ("a space before", " " + token), ("a tab at the end", token + "\t")):
            self.add("V1", what, text, "BASE64URL", raw=True)
        self.add("V1", "a space within", token[:30] + " " + token[30:], "BASE64URL")
        self.add("V1", "two tokens", token + " " + token, "TOKEN_FORM")
        for part in range(3):
            parts = token.split(".")
            parts[part] = ""
            self.add("V2", f"part {part} is empty", ".".join(parts), "TOKEN_FORM")
        parts = token.split(".")
        self.add("V2", "three parts", token)
        for what, text in (("no dot", "".join(parts)), ("one dot", parts[0] + "." + parts[1]),
                           ("a dot in front", "." + token), ("a dot behind", token + "."),
                           ("four parts", token + ".AAAA"), ("five parts, as in JWE",
                                                             token + ".AAAA.AAAA"), ("dots alone",
                                                                                     "." * 20)):
            self.add("V2", what, text, "TOKEN_FORM")
        for length, reason in ((1024, ""), (1028, "TOKEN_SIZE"), (4000, "TOKEN_SIZE")):
            header = dump(self.header(pad=""))
            pad = length * 3 // 4 - len(header)
            header = self.header(pad="x" * min(pad, 900),
                                 more="x" * (pad - 910) if pad > 910 else None)
            token = self.compact(header, self.claims())
            self.add("V3", f"a header of {len(token.split('.')[0])} characters", token, reason)
        self.add("V3", "a signature of 684 characters", ".".join(parts[:2] + ["A" * 684]),
                 "TOKEN_SIZE")
        self.add("V3", "a signature of 4000 characters", ".".join(parts[:2] + ["A" * 4000]),
                 "TOKEN_SIZE")

    def encodings(self):
        token = self.good()
        parts = token.split(".")
        self.add("V4", "base64url as it should be", token)

        def broken(part, what, text):
            self.add("V4", f"{what} in part {part}",
                     ".".join(parts[:part] + [text] + parts[part + 1:]), "BASE64URL")

        for part, text in enumerate(parts):
            broken(part, "padding", text + "=")
            broken(part, "two of padding", text + "==")
            for bad in "+/*~%,\\\"'":
                at = self.random.randrange(1, len(text) - 1)
                broken(part, f"a {bad}", text[:at] + bad + text[at + 1:])
            broken(part, "a letter that is none of ASCII", text[:5] + "é" + text[6:])
            broken(part, "a lonely character", text + "A" * ((1 - len(text)) % 4))
        for part in range(3):
            data = unb64(parts[part])
            text = parts[part]
            if len(data) % 3 == 0:
                continue
            last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(
                text[-1])
            stray = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last | 1]
            broken(part, "stray bits", text[:-1] + stray)

    def documents(self):
        good, header = dump(self.claims()), dump(self.header())
        self.raw_claims("V5", "text of other languages",
                        dump(self.claims()).replace("j", "ĵ☃", 1).replace('"ĵ☃ti"', '"jti"'), "")
        self.raw_claims("V5", "white space between members", good.replace(",", " ,\n "), "")
        bad = [("an array", "[" + good + "]"), ("a string", '"x"'), ("a number", "1"),
               ("null", "null"), ("nothing but space", "   "),
               ("a trailing comma", good[:-1] + ",}"), ("bytes behind", good + "x"),
               ("a space behind", good + " "), ("a newline behind", good + "\n"),
               ("a second object", good + "{}"), ("a space before", " " + good),
               ("a byte order mark", "\ufeff" + good), ("a comment", good[:-1] + "/**/}"),
               ("single quotes", good.replace('"', "'")), ("half of it", good[:-1]),
               ("a NUL in a string", good[:-1] + ',"x":"a\\u0000b"}'),
               ("a NUL in a name", good[:-1] + ',"a\\u0000b":1}'),
               ("half a surrogate", good[:-1] + ',"x":"\\ud800"}'),
               ("NaN", good[:-1] + ',"x":NaN}'), ("a bare word", good[:-1] + ',"x":yes}'),
               ("a raw newline in a string", good[:-1] + ',"x":"a\nb"}'),
               ("a bad escape", good[:-1] + ',"x":"\\x41"}'),
               ("a leading zero", good[:-1] + ',"x":01}'),
               ("iss twice", good[:-1] + ',"iss":"web/api"}'),
               ("aud twice", good[:-1] + ',"aud":"orders"}'),
               ("exp twice", good[:-1] + ',"exp":1}'),
               ("iss twice, once with an escape", good[:-1] + ',"\\u0069ss":"shop"}'),
               ("a member twice further in", good[:-1] + ',"x":{"a":1,"a":2}}'),
               ("a whole number over 64 bits", good[:-1] + ',"x":99999999999999999999}')]
        for what, text in bad:
            self.raw_claims("V5", "claims: " + what, text, "JSON")
            if "twice" not in what or "further" in what:
                text = text.replace(good[:-1], header[:-1]).replace(good.replace('"', "'"),
                                                                    header.replace('"', "'"))
                self.add("V5", "header: " + what, self.compact(text, self.claims()), "JSON")
        for text in (b'\xff', b'\xc0\xaf', b'\xed\xa0\x80', b'\xf5\x80\x80\x80', b'\xe2\x82'):
            self.raw_claims("V5", f"no UTF-8: {text.hex()}",
                            good[:-1].encode() + b',"x":"' + text + b'"}', "JSON")
        for name in ("alg", "kid", "typ"):
            value = dump(self.header()[name])
            self.add("V5", f"header: {name} twice",
                     self.compact(header[:-1] + f',"{name}":{value}}}', self.claims()), "JSON")

    def bounds(self):

        def nested(depth):
            return "[" * depth + "]" * depth

        for depth, reason in ((7, ""), (8, "JSON"), (100, "JSON"), (2000, "JSON")):
            text = dump(self.claims())[:-1] + f',"x":{nested(depth)}}}'
            self.raw_claims("V6", f"{depth + 1} deep", text, reason)
        have = len(self.claims())
        for count, reason in ((32, ""), (33, "JSON"), (200, "JSON")):
            self.claim_count(count - have, f"{count} members", reason)
        for count, reason in ((64, ""), (65, "JSON"), (1000, "JSON")):
            claims = self.claims(x=[1] * (count - have))
            self.add("V6", f"{count} values", self.compact(self.header(), claims), reason)
        for length, reason in ((1024, ""), (1025, "JSON"), (5000, "JSON")):
            self.add("V6", f"a string of {length} bytes",
                     self.compact(self.header(), self.claims(x="x" * length)), reason)
            if length < 5000:
                self.add("V6", f"a name of {length} bytes",
                         self.compact(self.header(), self.claims(**{"x" * length: 1})), reason)
        self.add("V6", "a deep header",
                 self.compact(dump(self.header())[:-1] + f',"x":{nested(8)}}}', self.claims()),
                 "JSON")

    def claim_count(self, more, what, reason):
        claims = self.claims(**{f"x{i}": [] for i in range(more)})
        self.add("V6", what, self.compact(self.header(), claims), reason)

    def headers(self):
        for alg in KEY_OF:
            self.add("V7", alg, self.good(alg))
        for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "es256", "Es256",
                    "ES256 ", " ES256", "ES256K", "RS1", "RSA1_5", "dir", "ES257", "ES2560",
                    "ED25519", "eddsa", "Ed25519", "ES256\n", None, 256, ["ES256"], {
                        "alg": "ES256"
                    }, True):
            self.head("V7", "ALGORITHM", alg=alg)
        self.add("V7", "null for an alg",
                 self.compact(dump(self.header()).replace('"ES256"', "null"), self.claims()),
                 "ALGORITHM")
        text = b64(dump(self.header(alg="none"))) + "." + b64(dump(self.claims()))
        self.add("V7", "none, with a signature of one byte", text + ".AA", "ALGORITHM")
        self.head("V8", "", kid=ISSUER + "/p256")
        for kid in (None, 1, "", [ISSUER + "/p256"], {"kid": "x"}, True):
            self.head("V8", "KID_GRAMMAR", kid=kid)
        for typ in (None, "JWT", "jwt", "Jwt", "jWT"):
            self.head("V9", "", typ=typ)
        for typ in ("", "JWE", "JWT ", "JWTX", "at+jwt", "application/jwt", "JOSE", 1, ["JWT"],
                    True):
            self.head("V9", "TYPE", typ=typ)
        for member in ("CRIT", "x5u2", "nonce", "jwks", "iss", "url", "crit2"):
            self.head("V10", "", **{member: "x"})
        jwk = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
        for member, value in (("crit", ["exp"]), ("b64", False), ("b64", True), ("jwk", jwk),
                              ("zip", "DEF"), ("jku", "https://evil.example/keys"),
                              ("x5u", "https://evil.example/cert"), ("x5c", ["AAAA"]),
                              ("x5t", "AAAA"), ("x5t#S256", "AAAA"), ("enc", "A128GCM"),
                              ("cty", "JWT"), ("crit", []), ("jwk", {}), ("cty", "")):
            self.head("V10", "HEADER", **{member: value})
        for member in ("crit", "b64", "jwk", "jku", "zip", "cty"):
            self.add("V10", f"{member} is null",
                     self.compact(dump(self.header())[:-1] + f',"{member}":null}}', self.claims()),
                     "HEADER")

    def key_ids(self):
        self.head("V11", "", kid=ISSUER + "/p256")
        for kid in ("..", "../..", "web/api/..", "web/../api/p256", "./web/api/p256",
                    "web/api/./p256", "/web/api/p256", "web/api/p256/", "web//api/p256",
                    "web/api//p256", "p256", "/", "//", "web/api/p256\n", "web/api/ p256",
                    "web/api/p256 ", "web/api/%70256", "web%2fapi/p256", "web/api/..%2fp256",
                    "web\\api\\p256", "web/api/p256?x", "web/api/p256#x", "web/api/p256;x",
                    "web/api:p256", "https://evil.example/p256", "web/api/@p256", "web/api/p256\t",
                    "web/api/pé256", "web/api/p２56", "web/api/p256\u2028", "web/api/~p256",
                    "web/api/*", "web/api/p256&x", "web/api/$(id)", "web/api/'p256",
                    "web/api/" + "x" * 65, "/".join(["x" * 60] * 5), "web/api/...", "web/.../p256",
                    "x" * 300, "web/api/p256\r\nHost: evil"):
            self.head("V11", "KID_GRAMMAR", kid=kid)
        for kid in ("web/api/gone", "web/api/P256", "web/api/p256.pem", "web/api/-",
                    "web/api/_x+y.z"):
            self.head("V11", "KEY_NOT_FOUND", kid=kid)

    def parties(self):
        self.claim("V12", "", iss=ISSUER)
        for iss in ("web", "web/ap", "web/apix", "web/api/", "web/api/p256", "WEB/api", "shop",
                    "web/api ", "/web/api", "web/api/p25", "w"):
            self.claim("V12", "KID_OWNER", iss=iss)
        self.claim("V12", "CLAIM_MISSING", iss=None)
        for iss in ("", 1, [ISSUER], {"a": 1}, True, 1.5):
            self.claim("V12", "CLAIM_TYPE", iss=iss)
        self.head("V12", "KID_OWNER", kid="shop/key")
        self.head("V12", "KID_OWNER", kid="web/api/more/p256")
        self.claim("V13", "")
        self.claim("V13", "", sub=ISSUER)
        for sub in ("root", "web/api/p256", "web", "WEB/API"):
            self.claim("V13", "SUBJECT", sub=sub)
        for sub in ("", 1, [ISSUER], True, {"a": 1}):
            self.claim("V13", "CLAIM_TYPE", sub=sub)
        for aud in (AUDIENCE, [AUDIENCE], ["shop", AUDIENCE], ["x"] * 15 + [AUDIENCE]):
            self.claim("V14", "", aud=aud)
        self.claim("V14", "CLAIM_MISSING", aud=None)
        for aud in ("", [], 1, True, {
                "orders": 1
        }, [1], [AUDIENCE, ""], [AUDIENCE, 1], [[AUDIENCE]], ["x"] * 16 + [AUDIENCE]):
            self.claim("V14", "CLAIM_TYPE", aud=aud)
        for aud in ("shop", "order", "ordersx", "Orders", "orders ", " orders", "*",
                    ["shop", "Orders"], "orders,shop", "https://orders", "оrders"):
            self.claim("V14", "AUDIENCE", aud=aud)
        self.claim("V15", "", jti="x" * 255)
        self.claim("V15", "", jti="x")
        self.claim("V15", "CLAIM_TYPE", jti="x" * 256)
        for jti in ("", 1, ["x"], True, {"a": 1}):
            self.claim("V15", "CLAIM_TYPE", jti=jti)
        self.claims_without("V15", "jti")

    def claims_without(self, rule, name):
        self.claim(rule, "CLAIM_MISSING", **{name: None})

    def times(self):
        now = self.now
        self.claim("V16", "", nbf=now)
        for name in ("iat", "exp"):
            self.claims_without("V16", name)
        for name in ("iat", "exp", "nbf"):
            for value in (str(now), now + 0.5, float(now), -1, True, [now], {
                    "a": now
            }, 253402300800, 2**62, "now"):
                self.claim("V16", "CLAIM_TYPE", **{name: value})
            for text in ("null", "1e9", "1.0"):
                claims = dump(self.claims(**{name: 77777}))
                self.raw_claims("V16", f"{name} is {text}", claims.replace(":77777", ":" + text),
                                "CLAIM_TYPE")
            claims = dump(self.claims(**{name: 77777}))
            self.raw_claims("V16", f"{name} is over 64 bits",
                            claims.replace(":77777", ":18446744073709551616"), "JSON")
        self.claim("V17", "", exp=now + HOUR)
        self.claim("V17", "", exp=now + 60)
        for exp in (now, now - 1, now + HOUR + 1, now + 24 * HOUR, 253402300799, 0):
            self.claim("V17", "LIFETIME", exp=exp)
        self.claim("V17", "LIFETIME", iat=0)
        self.claim("V17", "LIFETIME", nbf=now - 1)
        self.claim("V17", "LIFETIME", nbf=now + 601)
        self.claim("V18", "", iat=now + 20, exp=now + 620)
        self.claim("V18", "", nbf=now + 20)
        for ahead in (120, 600, 86400):
            self.claim("V18", "ISSUED_IN_FUTURE", iat=now + ahead, exp=now + ahead + 60)
            if ahead < 600:
                self.claim("V18", "NOT_YET_VALID", nbf=now + ahead)
        self.claim("V18", "NOT_YET_VALID", nbf=now + 600)
        self.claim("V19", "", iat=now - 60, exp=now - 2)
        for ago in (100, 1000, 86400, 10**9):
            self.claim("V19", "EXPIRED", iat=now - ago - 60, exp=now - ago)

    # Signatures

    def with_signature(self, rule, what, alg, make, reason="SIGNATURE"):
        """A good token whose signature `make` changes; it is given the text and the right one."""
        text, _, signature = self.good(alg).rpartition(".")
        changed = make(text, unb64(signature))
        self.add(rule, f"{alg}: {what}", text + "." + b64(changed), reason)

    def signatures(self):
        for alg, name in KEY_OF.items():
            self.add("V23", f"{alg} by its key", self.good(alg))
            for other in ("rsa", "p256", "p384", "p521", "ed"):
                if other != name:
                    header = self.header(alg=alg, kid=f"{ISSUER}/{other}")
                    self.add("V23", f"{alg} for the key {other}",
                             self.compact(header, self.claims(), alg, other), "KEY_ALGORITHM")
            self.with_signature("V24", "one byte less", alg, lambda _, s: s[:-1])
            self.with_signature("V24", "one byte more", alg, lambda _, s: s + b"\0")
            self.with_signature("V24", "a zero in front", alg, lambda _, s: b"\0" + s)
            self.with_signature("V24", "one byte", alg, lambda _, s: s[:1])
            self.with_signature("V24", "as it is", alg, lambda _, s: s, "")
            self.with_signature("V27", "noise", alg, lambda _, s: self.random.randbytes(len(s)))
            self.with_signature("V27", "zeros", alg, lambda _, s: bytes(len(s)))
            self.with_signature("V27", "all ones", alg, lambda _, s: b"\xff" * len(s))
            at = self.random.randrange(1, 30)
            self.with_signature("V27",
                                "one bit",
                                alg,
                                lambda _, s, at=at: s[:at] + bytes(
                                    [s[at] ^ 1 << self.random.randrange(8)]) + s[at + 1:])
            self.with_signature("V27", "as it is", alg, lambda _, s: s, "")
        stranger = self.compact(self.header(), self.claims(), "ES256", "stranger")
        self.add("V27", "of another key", stranger, "SIGNATURE")
        self.curves()
        self.paddings()

    def curves(self):
        for name, (_, width, alg) in CURVES.items():
            order = ORDERS[name]

            def pair(r, s, width=width):
                return r.to_bytes(width, "big") + s.to_bytes(width, "big")

            def halves(raw, width=width):
                return int.from_bytes(raw[:width], "big"), int.from_bytes(raw[width:], "big")

            one = self.keys[name]
            digest = HASHES[alg[2:]]
            self.with_signature("V25", "raw r and s", alg, lambda _, s: s, "")
            self.with_signature("V25",
                                "DER",
                                alg,
                                lambda t, _, k=one, d=digest: k.sign(t.encode(), ec.ECDSA(d)))
            for what, r, s in (("r is 0", 0, None), ("s is 0", None, 0), ("both are 0", 0, 0),
                               ("r is the order", order, None), ("s is the order", None,
                                                                 order), ("both are 1", 1, 1)):
                self.with_signature("V25",
                                    what,
                                    alg,
                                    lambda _, raw, r=r, s=s: pair(
                                        halves(raw)[0] if r is None else r,
                                        halves(raw)[1] if s is None else s))
            self.with_signature("V25", "r and s exchanged", alg,
                                lambda _, raw: pair(*halves(raw)[::-1]))
            self.with_signature("V28",
                                "the other s",
                                alg,
                                lambda _, raw, o=order: pair(halves(raw)[0], o - halves(raw)[1]),
                                "")
            if name != "p521":
                self.with_signature(
                    "V28",
                    "an s that is too large",
                    alg,
                    lambda _, raw, o=order, w=width: pair(
                        halves(raw)[0], min(halves(raw)[1] % 2**(8 * w - 33) + o, 2**(8 * w) - 1)))

        def raised(_, raw):
            return raw[:32] + (int.from_bytes(raw[32:], "little") + ED_ORDER).to_bytes(32, "little")

        self.with_signature("V28", "S over the order", "EdDSA", raised)

    def paddings(self):
        key = self.keys["rsa"]
        for bits, digest in HASHES.items():
            size = digest.digest_size
            other = HASHES["512" if bits == "256" else "256"]
            wrong = (("no salt", pss(digest, 0), digest), ("a salt of 20", pss(digest, 20), digest),
                     ("the longest salt", pss(digest, padding.PSS.MAX_LENGTH),
                      digest), ("another digest in MGF1", pss(digest, size, other),
                                digest), ("another digest", pss(other, other.digest_size),
                                          other), ("PKCS1", padding.PKCS1v15(), digest))
            for what, scheme, hashed in wrong:
                self.with_signature("V26",
                                    what,
                                    "PS" + bits,
                                    lambda t, _, s=scheme, h=hashed: key.sign(t.encode(), s, h))
            self.with_signature("V26", "as it is", "PS" + bits, lambda _, s: s, "")
            self.with_signature(
                "V26",
                "PSS",
                "RS" + bits,
                lambda t, _, d=digest: key.sign(t.encode(), pss(d, d.digest_size), d))
            self.with_signature("V26",
                                "another digest",
                                "RS" + bits,
                                lambda t, _, o=other: key.sign(t.encode(), padding.PKCS1v15(), o))
            self.with_signature("V26", "as it is", "RS" + bits, lambda _, s: s, "")

    def mutants(self, count):
        """Good tokens with one character exchanged, put in or left out."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
        for number in range(count):
            alg = self.random.choice(list(KEY_OF))
            token = self.good(alg)
            at = self.random.randrange(len(token))
            rest = token[at + 1:] if number % 3 != 1 else token[at:]
            letter = self.random.choice(alphabet.replace(token[at], "")) if number % 3 != 2 else ""
            self.add("V29", f"{alg}: {('exchanged', 'put in', 'left out')[number % 3]} at {at}",
                     token[:at] + letter + rest, "*")
        self.add("V29", "nothing changed", self.good())

    def all(self):
        self.times()
        self.sizes()
        self.encodings()
        self.documents()
        self.bounds()
        self.headers()
        self.key_ids()
        self.parties()
        self.signatures()
        self.mutants(60)
        return self.rows

    def write_keys(self, folder):
        for name, key in self.keys.items():
            pem = key.public_key().public_bytes(serialization.Encoding.PEM,
                                                serialization.PublicFormat.SubjectPublicKeyInfo)
            with open(os.path.join(folder, name + ".pem"), "wb") as file:
                file.write(pem)


def main():
    maker = Maker(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time()))
    maker.write_keys(sys.argv[2])
    for row in maker.all():
        print(dump(row))


if __name__ == "__main__":
    main()
