// SPDX-License-Identifier: Apache-2.0
// A client that connect-es generated, as published, against a real asapd.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";

import { AuditLog, ProofKind } from "./gen/asap/v1/audit_log_pb.js";
import { CallerAdmin, CallerState, Verb } from "./gen/asap/v1/caller_admin_pb.js";
import { IssuerAdmin, IssuerKind } from "./gen/asap/v1/issuer_admin_pb.js";
import { KeyAdmin, KeyState } from "./gen/asap/v1/key_admin_pb.js";
import { KeyRepository } from "./gen/asap/v1/key_repository_pb.js";
import { Server } from "./gen/asap/v1/server_pb.js";
import { TokenService } from "./gen/asap/v1/token_service_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const { ADMIN_URL, REPOSITORY_URL, CA_FILE } = process.env;

function transport(baseUrl, options) {
  return createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    useHttpGet: true,
    nodeOptions: { ca: readFileSync(CA_FILE) },
    ...options,
  });
}

const admin = transport(ADMIN_URL);
const issuers = createClient(IssuerAdmin, admin);
const keys = createClient(KeyAdmin, admin);
const server = createClient(Server, admin);
const callers = createClient(CallerAdmin, admin);
const audit = createClient(AuditLog, admin);
const repository = createClient(KeyRepository, transport(REPOSITORY_URL));

let count = 0;

function newName() {
  count += 1;
  return `es/issuer-${count}`;
}

async function newIssuer(fields) {
  const name = newName();
  await issuers.createIssuer({ name, algorithm: "ES256", ...fields });
  return name;
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  return assert.fail("it was not refused");
}

function fields(error) {
  return error
    .findDetails(BadRequestSchema)
    .flatMap((detail) => detail.fieldViolations.map((violation) => violation.field));
}

function reasons(error) {
  return error.findDetails(ErrorInfoSchema).map((info) => info.reason);
}

// A client on the public listener that shows this API key, or nothing.
function tokenService(apiKey, options) {
  const withKey = (next) => (request) => {
    request.header.set("Authorization", `Bearer ${apiKey}`);
    return next(request);
  };
  const interceptors = apiKey === undefined ? [] : [withKey];
  return createClient(TokenService, transport(REPOSITORY_URL, { ...options, interceptors }));
}

// A caller that may mint for `issuer`, and its API key.
async function newCaller(issuer) {
  count += 1;
  const caller = `es-caller-${count}`;
  await callers.createCaller({ name: caller, description: "a test" });
  await callers.createGrant({
    caller,
    verb: Verb.MINT,
    issuer,
    mintLimits: { audiences: ["orders/*"], additionalClaims: ["role"] },
  });
  const made = await callers.createCredential({ caller, proof: { case: "apiKey", value: {} } });
  return { caller, apiKey: made.apiKey, credential: made.credential };
}

async function listAll(list, first) {
  const found = [];
  let pageToken = "";
  do {
    const page = await list({ ...first, pageSize: 2, pageToken });
    assert.ok((page.keys ?? page.issuers).length <= 2);
    found.push(...(page.keys ?? page.issuers));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

test("an issuer is created and found, by a request with every kind of field", async () => {
  const name = newName();
  const created = await issuers.createIssuer({
    name,
    kind: IssuerKind.MANAGED,
    algorithm: "ES256",
    maxTokenLifetime: { seconds: 30n },
  });
  assert.equal(created.maxTokenLifetime.seconds, 30n);
  assert.deepEqual(await issuers.getIssuer({ name }), created);
});

test("what is only validated is not created", async () => {
  const name = newName();
  const before = (await server.getStatus({})).generation;
  const answer = await issuers.createIssuer({ name, algorithm: "ES256", validateOnly: true });
  assert.equal(answer.name, name);
  assert.equal((await refusal(issuers.getIssuer({ name }))).code, Code.NotFound);
  assert.equal((await server.getStatus({})).generation, before);
});

test("a rotation is planned once under one request id", async () => {
  const issuer = await newIssuer();
  const requestId = randomUUID();
  const first = await keys.rotateKey({ issuer, requestId });
  assert.equal(first.outgoing.state, KeyState.ACTIVE);
  assert.equal(first.incoming.signTime.seconds, first.outgoing.signUntil.seconds);
  assert.deepEqual(await keys.rotateKey({ issuer, requestId }), first);
  assert.equal((await listAll(keys.listKeys, { issuer })).length, 4);
  const refused = await refusal(keys.rotateKey({ issuer: "es/other", requestId }));
  assert.deepEqual([refused.code, fields(refused)], [Code.InvalidArgument, ["request_id"]]);
});

test("lists go on from page to page", async () => {
  const names = [await newIssuer({}), await newIssuer({}), await newIssuer({})];
  const listed = (await listAll(issuers.listIssuers, {})).map((issuer) => issuer.name);
  assert.ok(names.every((name) => listed.includes(name)));
  assert.equal(new Set(listed).size, listed.length);
});

test("a page token of another list is refused by its field", async () => {
  const [one, other] = [await newIssuer(), await newIssuer()];
  const page = await keys.listKeys({ issuer: one, pageSize: 1 });
  const refused = await refusal(keys.listKeys({ issuer: other, pageToken: page.nextPageToken }));
  assert.deepEqual([refused.code, fields(refused)], [Code.InvalidArgument, ["page_token"]]);
});

test("errors come with their code, message and typed details", async () => {
  const refused = await refusal(issuers.createIssuer({ name: "../up" }));
  assert.deepEqual([refused.code, fields(refused)], [Code.InvalidArgument, ["name"]]);
  assert.ok(refused.rawMessage.length > 0);
  const name = await newIssuer();
  const taken = await refusal(issuers.createIssuer({ name }));
  assert.equal(taken.code, Code.AlreadyExists);
  assert.match(taken.rawMessage, /exists/);
});

test("a key is published, handed out to anybody, and revoked", async () => {
  const issuer = newName();
  await issuers.createIssuer({ name: issuer, kind: IssuerKind.EXTERNAL });
  const publicKey = generateKeyPairSync("ec", { namedCurve: "P-256" })
    .publicKey.export({ type: "spki", format: "pem" });
  const { key, safeSignTime } = await keys.publishKey({ issuer, name: "one", publicKey });
  assert.equal(key.keyId, `${issuer}/one`);
  assert.ok(safeSignTime.seconds > key.publishTime.seconds);

  const found = await repository.getPublicKey({ keyId: key.keyId });
  assert.deepEqual([found.publicKey, found.algorithm], [publicKey, "ES256"]);
  assert.equal((await repository.listPublicKeys({ issuer })).publicKeys.length, 1);
  assert.equal((await repository.getJwks({ issuer })).keys[0].kid, key.keyId);

  await keys.revokeKey({ keyId: key.keyId, reason: "a test", force: true });
  const gone = await refusal(repository.getPublicKey({ keyId: key.keyId }));
  assert.equal(gone.code, Code.NotFound);
});

for (const [how, options] of [
  ["in JSON", { useBinaryFormat: false }],
  ["compressed", { sendCompression: compressionGzip, compressMinBytes: 1 }],
  ["with POST alone", { useHttpGet: false }],
]) {
  test(`it understands calls ${how}`, async () => {
    const client = createClient(IssuerAdmin, transport(ADMIN_URL, options));
    const name = newName();
    const created = await client.createIssuer({ name, kind: IssuerKind.EXTERNAL });
    assert.deepEqual(await client.getIssuer({ name }), created);
    assert.deepEqual(await issuers.getIssuer({ name }), created);
    const refused = await refusal(client.createIssuer({ name: "../up" }));
    assert.deepEqual(fields(refused), ["name"]);
  });
}

for (const [how, options] of [
  ["in binary", {}],
  ["in JSON", { useBinaryFormat: false }],
]) {
  test(`tokens are minted and verified over HTTPS ${how}`, async () => {
    const issuer = await newIssuer();
    const { caller, apiKey } = await newCaller(issuer);
    const tokens = tokenService(apiKey, options);
    const role = { name: "reader", levels: [1, 2.5, null, true] };
    const minted = await tokens.mintToken({
      issuer,
      audience: ["orders/api", "orders/web"],
      lifetime: { seconds: 30n },
      additionalClaims: { role },
    });
    const audiences = ["orders/api"];
    const verified = await tokens.verifyToken({ token: minted.token, audiences });
    assert.deepEqual(
      [verified.issuer, verified.subject, verified.audience, verified.keyId],
      [issuer, issuer, ["orders/api", "orders/web"], minted.keyId],
    );
    assert.equal(verified.expireTime.seconds - verified.issueTime.seconds, 30n);
    assert.deepEqual(verified.claims.role, role);
    assert.equal(verified.claims.jti, verified.tokenId);

    const bad = await refusal(tokens.verifyToken({ token: minted.token, audiences: ["else"] }));
    assert.deepEqual([bad.code, reasons(bad)], [Code.InvalidArgument, ["AUDIENCE"]]);

    const { events } = await audit.listEvents({ caller });
    assert.deepEqual(
      events.map((event) => [event.method, event.result, event.proofKind, event.tokenId]),
      [["asap.v1.TokenService/MintToken", "ok", ProofKind.API_KEY, verified.tokenId]],
    );
  });

  test(`who may not mint learns why ${how}`, async () => {
    const { caller, apiKey } = await newCaller(await newIssuer());
    const ask = { issuer: await newIssuer(), audience: ["orders/api"] };
    const denied = await refusal(tokenService(apiKey, options).mintToken(ask));
    assert.deepEqual([denied.code, reasons(denied)], [Code.PermissionDenied, ["NO_GRANT"]]);
    const [event] = (await audit.listEvents({ caller })).events;
    assert.deepEqual([event.result, event.message], ["permission_denied", denied.rawMessage]);

    const unknown = await refusal(tokenService(undefined, options).mintToken(ask));
    assert.deepEqual([unknown.code, reasons(unknown)], [Code.Unauthenticated, ["NO_PROOF"]]);
    assert.equal(unknown.metadata.get("WWW-Authenticate"), "Bearer");
  });
}

test("a caller is shown, shut out, and its credential revoked", async () => {
  const issuer = await newIssuer();
  const { caller, apiKey, credential } = await newCaller(issuer);
  const shown = await callers.getCaller({ name: caller });
  assert.deepEqual(shown.credentials, [credential]);
  assert.match(apiKey, new RegExp(`^asapk_${credential.proof.value.keyPrefix}_`));
  const granted = (await callers.listGrants({ caller })).grants;
  assert.deepEqual([granted[0].issuer, granted[0].mintLimits.audiences], [issuer, ["orders/*"]]);
  const ask = { caller, verb: Verb.MINT, issuer, audience: "orders/api" };
  assert.equal((await callers.testGrant(ask)).grantId, granted[0].grantId);

  const mint = () => tokenService(apiKey).mintToken({ issuer, audience: ["orders/api"] });
  await callers.updateCaller({ name: caller, state: CallerState.DISABLED });
  assert.deepEqual(reasons(await refusal(mint())), ["CALLER_DISABLED"]);
  await callers.updateCaller({ name: caller, state: CallerState.ENABLED });
  assert.ok((await mint()).token);
  await callers.revokeCredential({ credentialId: credential.credentialId });
  assert.deepEqual(reasons(await refusal(mint())), ["CREDENTIAL_REVOKED"]);

  const methods = (await audit.listEvents({ pageSize: 1000 })).events.map((event) => event.method);
  assert.ok(methods.includes("asap.v1.CallerAdmin/RevokeCredential"));
  assert.ok((await audit.verifyChain({})).intact);
});
