# SPDX-License-Identifier: Apache-2.0
"""Python's part of matrix_test.py: atlassian-jwt-auth and PyJWT as their users call them.

    client.py requests|aiohttp|flask|django|wsgi|pyjwt

The certificate authority is in the environment: SSL_CERT_FILE."""

import asyncio
import json
import logging
import os
import sys
import threading
import time
import uuid
import warnings
from wsgiref import simple_server

import aiohttp
import atlassian_jwt_auth
import jwt
import requests
from atlassian_jwt_auth.contrib import aiohttp as asap_aiohttp
from atlassian_jwt_auth.contrib.requests import create_jwt_auth
from atlassian_jwt_auth.contrib.aiohttp.auth import create_jwt_auth as create_aiohttp_auth


class SilentHandler(simple_server.WSGIRequestHandler):
    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def serve(application):
    """Runs a WSGI application beside this one; its URL."""
    server = simple_server.make_server("127.0.0.1", 0, application, handler_class=SilentHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def echo(environ, start_response):
    """Answers with the token that it was called with."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ").encode()]


class Retriever(atlassian_jwt_auth.HTTPSPublicKeyRetriever):
    """Trusts an authority of one's own: the library's session looks at no environment."""

    def retrieve(self, key_identifier, **options):
        return super().retrieve(key_identifier, verify=os.environ["SSL_CERT_FILE"], **options)


def asap_arguments(ask):
    return ask["issuer"], ask["kid"], ask["pem"], ask["audience"]


class Requests:
    def __init__(self, _):
        self.echo = serve(echo)

    def sign(self, ask):
        auth = create_jwt_auth(*asap_arguments(ask), algorithm=ask["algorithm"])
        return requests.get(self.echo, auth=auth, timeout=30).text

    @staticmethod
    def verify(ask):
        retriever = Retriever(ask["repository"])
        verifier = atlassian_jwt_auth.JWTAuthVerifier(retriever)
        return verifier.verify_jwt(ask["token"], ask["audience"], leeway=5)["iss"]


class Aiohttp(Requests):
    def __init__(self, settings):
        super().__init__(settings)
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)

    async def send(self, auth):
        async with aiohttp.ClientSession() as session:
            async with session.get(self.echo, auth=auth) as answer:
                return await answer.text()

    async def check(self, ask):
        retriever = asap_aiohttp.HTTPSPublicKeyRetriever(ask["repository"])
        verifier = asap_aiohttp.JWTAuthVerifier(retriever)
        return (await verifier.verify_jwt(ask["token"], ask["audience"], leeway=5))["iss"]

    def sign(self, ask):
        auth = create_aiohttp_auth(*asap_arguments(ask), algorithm=ask["algorithm"])
        return self.loop.run_until_complete(self.send(auth))

    def verify(self, ask):
        return self.loop.run_until_complete(self.check(ask))


def flask_application(settings):
    import flask  # pylint: disable=import-outside-toplevel
    from atlassian_jwt_auth.frameworks.flask import with_asap
    application = flask.Flask("interop")
    application.config.update(settings)
    application.add_url_rule("/", "issuer", with_asap(lambda: flask.g.asap_claims["iss"]))
    return application


def issuer_view(request):
    from django.http import HttpResponse  # pylint: disable=import-outside-toplevel
    return HttpResponse(request.asap_claims["iss"])


urlpatterns = []


def django_application(settings):
    import django  # pylint: disable=import-outside-toplevel
    from django.conf import settings as django_settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path
    django_settings.configure(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["atlassian_jwt_auth.frameworks.django.asap_middleware"], **settings)
    django.setup()
    urlpatterns.append(path("", issuer_view))
    return WSGIHandler()


def wsgi_application(settings):
    from atlassian_jwt_auth.frameworks.wsgi import ASAPMiddleware

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["ATL_ASAP_CLAIMS"]["iss"].encode()]
    return ASAPMiddleware(application, settings)


class Framework:
    """An endpoint that a middleware of the library protects."""

    applications = {"flask": flask_application, "django": django_application,
                    "wsgi": wsgi_application}

    def __init__(self, name):
        self.name = name
        self.url = None

    def verify(self, ask):
        if self.url is None:
            self.url = serve(self.applications[self.name]({
                "ASAP_KEY_RETRIEVER_CLASS": Retriever,
                "ASAP_PUBLICKEY_REPOSITORY": ask["repository"],
                "ASAP_VALID_AUDIENCE": ask["audience"],
                "ASAP_VALID_LEEWAY": 5}))
        answer = requests.get(self.url, timeout=30,
                              headers={"Authorization": "Bearer " + ask["token"]})
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        return answer.text


class PyJwt:
    def __init__(self, _):
        pass

    @staticmethod
    def sign(ask):
        now = int(time.time())
        claims = {"iss": ask["issuer"], "sub": ask["issuer"], "aud": ask["audience"], "iat": now,
                  "exp": now + 60, "jti": str(uuid.uuid4())}
        return jwt.encode(claims, ask["pem"], ask["algorithm"], headers={"kid": ask["kid"]})

    @staticmethod
    def verify(ask):
        key = jwt.PyJWKClient(ask["jwks"]).get_signing_key_from_jwt(ask["token"])
        return jwt.decode(ask["token"], key, [ask["algorithm"]], audience=ask["audience"],
                          leeway=5)["iss"]


LIBRARIES = {"requests": Requests, "aiohttp": Aiohttp, "pyjwt": PyJwt}


def main():
    logging.disable()  # the traces of what is refused
    warnings.simplefilter("ignore")  # of what the library takes from aiohttp
    library = LIBRARIES.get(sys.argv[1], Framework)(sys.argv[1])
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = {"answer": getattr(library, ask["do"])(ask)}
        except Exception as error:  # pylint: disable=broad-except
            answer = {"error": f"{type(error).__name__}: {error}",
                      "status": getattr(error, "status_code", None)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
