// SPDX-License-Identifier: Apache-2.0

import com.atlassian.asap.api.JwtBuilder;
import com.atlassian.asap.api.SigningAlgorithm;
import com.atlassian.asap.core.client.http.AuthorizationHeaderGeneratorImpl;
import com.atlassian.asap.core.validator.JwtValidatorImpl;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.json.Json;
import javax.json.JsonObject;

/** Java's part of matrix_test.py: com.atlassian.asap as its README has it called. */
public final class Client {
    private static String sign(JsonObject ask) throws Exception {
        var token = JwtBuilder.newJwt()
                .keyId(ask.getString("kid"))
                .issuer(ask.getString("issuer"))
                .audience(ask.getString("audience"))
                .algorithm(SigningAlgorithm.valueOf(ask.getString("algorithm")))
                .build();
        var privateKey = URI.create(ask.getString("private_key"));
        return AuthorizationHeaderGeneratorImpl.createDefault(privateKey)
                .generateAuthorizationHeader(token)
                .substring("Bearer ".length());
    }

    private static String verify(JsonObject ask) throws Exception {
        var repository = ask.getString("repository") + "/";
        return JwtValidatorImpl.createDefault(ask.getString("audience"), repository)
                .readAndValidate(ask.getString("token"))
                .getClaims()
                .getIssuer();
    }

    private static JsonObject answer(JsonObject ask) {
        try {
            var answer = ask.getString("do").equals("sign") ? sign(ask) : verify(ask);
            return Json.createObjectBuilder().add("answer", answer).build();
        } catch (Exception e) {
            return Json.createObjectBuilder().add("error", e.toString()).build();
        }
    }

    /** Has every TLS client of this process trust the certificate authority of the test only. */
    private static void trust(String authority) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var pem = Files.newInputStream(Path.of(authority))) {
            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            store.setCertificateEntry("ca", certificate);
        }
        var file = Files.createTempFile("asap", ".p12");
        file.toFile().deleteOnExit();
        try (var out = Files.newOutputStream(file)) {
            store.store(out, "password".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", file.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "password");
    }

    public static void main(String[] arguments) throws Exception {
        trust(System.getenv("SSL_CERT_FILE"));
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(Json.createReader(new StringReader(line)).readObject()));
            System.out.flush();
        }
    }
}
