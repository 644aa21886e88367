package dev.partita.local.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// The certificate of the server and the token of its clients, made at the first start and kept in
/// a directory that only its owner can read.
///
/// TLS is needed although all traffic stays on the machine: kubectl sends no token without it.
///
/// @param certificate the self-signed certificate, PEM
public record ServerIdentity(SSLContext tls, String certificate, String token) {
  private static final String ALIAS = "local";
  private static final int TOKEN_BYTES = 24;
  private static final String VALIDITY_DAYS = "3650";
  private static final int KEYTOOL_SECONDS_MAX = 60;

  /// Loads the identity kept in `directory`, or makes one.
  public static ServerIdentity in(Path directory) throws IOException {
    Path tokenFile = directory.resolve("token");
    Path keyFile = directory.resolve("server.p12");
    if (!Files.exists(tokenFile)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      Files.writeString(tokenFile, HexFormat.of().formatHex(SecureRandom.getSeed(TOKEN_BYTES)));
    }
    String token = Files.readString(tokenFile).strip();
    if (!Files.exists(keyFile)) {
      makeKey(keyFile, token);
    }
    return load(keyFile, token);
  }

  /// The JDK has no other public way to make a certificate than its `keytool`.
  private static void makeKey(Path file, String password) throws IOException {
    Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
    ProcessBuilder builder =
        new ProcessBuilder(
                keytool.toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-sigalg",
                "SHA256withECDSA",
                "-validity",
                VALIDITY_DAYS,
                "-dname",
                "CN=partita-local",
                "-ext",
                "SAN=ip:127.0.0.1,dns:localhost",
                "-ext",
                "bc:c=ca:true",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass:env",
                "PARTITA_KEY_PASSWORD")
            .redirectErrorStream(true);
    builder.environment().put("PARTITA_KEY_PASSWORD", password);
    finish(builder.start());
  }

  private static void finish(Process process) throws IOException {
    try (InputStream output = process.getInputStream()) {
      String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(KEYTOOL_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException("keytool made no certificate: " + text);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the certificate was made", e);
    }
  }

  private static ServerIdentity load(Path file, String token) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, token.toCharArray());
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, token.toCharArray());
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(factory.getKeyManagers(), null, null);
      byte[] encoded = keys.getCertificate(ALIAS).getEncoded();
      String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
      String pem = "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
      return new ServerIdentity(tls, pem, token);
    } catch (GeneralSecurityException e) {
      throw new IOException("the certificate in " + file + " cannot be used", e);
    }
  }

  /// A kubeconfig for the server at `port`.
  public String kubeconfig(int port) {
    String authority =
        Base64.getEncoder().encodeToString(certificate.getBytes(StandardCharsets.UTF_8));
    return """
    apiVersion: v1
    kind: Config
    clusters:
    - name: partita-local
      cluster:
        server: https://127.0.0.1:%d
        certificate-authority-data: %s
    users:
    - name: partita-local
      user:
        token: %s
    contexts:
    - name: partita-local
      context:
        cluster: partita-local
        user: partita-local
        namespace: default
    current-context: partita-local
    """
        .formatted(port, authority, token);
  }
}
