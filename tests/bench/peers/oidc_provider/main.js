// SPDX-License-Identifier: Apache-2.0
// A token server made of node's oidc-provider: one client that has ES256 tokens issued by its
// credentials. It checks the client's secret and the resource asked for, and signs; it keeps and
// records nothing of a token.
//     node main.js PORT
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
        client_id: "bench", client_secret: "verysecret",
        grant_types: ["client_credentials"], redirect_uris: [], response_types: [],
        token_endpoint_auth_method: "client_secret_basic",
        id_token_signed_response_alg: "ES256",
    }],
    jwks: { keys: [{ ...key, alg: "ES256", use: "sig", kid: "bench" }] },
    features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
            enabled: true,
            getResourceServerInfo: () => ({
                scope: "mint", audience: "orders/api", accessTokenTTL: 3600,
                accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } },
            }),
        },
    },
});
provider.listen(port, "127.0.0.1");
