// SPDX-License-Identifier: Apache-2.0
// Node's part of matrix_test.py: jwt-authentication and jose as their READMEs have them called.
//     node client.js jwt-authentication|jose
// The certificate authority is in the environment: NODE_EXTRA_CA_CERTS.
"use strict";

const { createInterface } = require("node:readline");
const { promisify } = require("node:util");
const { randomUUID } = require("node:crypto");

const jwtAuthentication = () => {
    const library = require("jwt-authentication");
    const generator = library.client.create();
    return {
        sign: ask => promisify(generator.generateToken).call(
            generator,
            { iss: ask.issuer, sub: ask.issuer, aud: ask.audience },
            { privateKey: ask.pem, kid: ask.kid, algorithm: ask.algorithm }),
        verify: async ask => {
            const authenticator = library.server.create(
                { publicKeyBaseUrl: ask.repository + "/", resourceServerAudience: ask.audience });
            const claims = await promisify(authenticator.validate)(ask.token, [ask.issuer]);
            return claims.iss;
        },
    };
};

const jose = () => {
    const library = require("jose");
    return {
        sign: async ask => new library.SignJWT({})
            .setProtectedHeader({ alg: ask.algorithm, kid: ask.kid, typ: "JWT" })
            .setIssuer(ask.issuer).setSubject(ask.issuer).setAudience(ask.audience)
            .setIssuedAt().setExpirationTime("60s").setJti(randomUUID())
            .sign(await library.importPKCS8(ask.pem, ask.algorithm)),
        verify: async ask => {
            const keys = library.createRemoteJWKSet(new URL(ask.jwks));
            const verified = await library.jwtVerify(ask.token, keys, { audience: ask.audience });
            return verified.payload.iss;
        },
    };
};

const library = { "jwt-authentication": jwtAuthentication, jose }[process.argv[2]]();

const main = async () => {
    for await (const line of createInterface({ input: process.stdin })) {
        const ask = JSON.parse(line);
        const said = await library[ask.do](ask).then(
            answer => ({ answer }), error => ({ error: String(error.message || error) }));
        process.stdout.write(JSON.stringify(said) + "\n");
    }
};
main();
