// SPDX-License-Identifier: Apache-2.0
// jsonwebtoken as one side of a comparison: see ../../library/side.h. Its key is parsed once.
"use strict";

const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
const { verify } = require("jsonwebtoken");

const prepare = algorithm => {
    const read = kind => readFileSync(`${process.argv[2]}/${algorithm}.${kind}`, "ascii");
    const key = createPublicKey(read("public"));
    const options = { algorithms: [algorithm], audience: read("audience") };
    const [token, forged] = [read("token"), read("forged")];
    return {
        run: count => {
            const begin = process.cpuUsage();
            for (let i = 0; i < count; i++)
                verify(token, key, options);
            const used = process.cpuUsage(begin);
            return (used.user + used.system) * 1000;
        },
        check: () => {
            verify(token, key, options);
            try {
                verify(forged, key, options);
            } catch {
                return "right";
            }
            return "wrong";
        },
    };
};

const main = async () => {
    const prepared = {};
    for await (const line of createInterface({ input: process.stdin })) {
        const [operation, algorithm, count] = line.split(" ");
        if (operation !== "verify" || algorithm === "EdDSA") {
            console.log("absent");
            continue;
        }
        const side = prepared[algorithm] ??= prepare(algorithm);
        console.log(count === "0" ? side.check() : side.run(Number(count)));
    }
};
main();
