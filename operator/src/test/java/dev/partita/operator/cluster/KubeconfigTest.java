package dev.partita.operator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubeconfigTest {

  private static final String GOOD =
      """
      apiVersion: v1
      kind: Config
      clusters:
      - {name: other, cluster: {server: 'https://10.0.0.1:6443', certificate-authority-data: YQ==}}
      - {name: insecure, cluster: {server: 'https://10.0.0.2', insecure-skip-tls-verify: true}}
      users:
      - {name: partita, user: {token: t0ken}}
      contexts:
      - {name: there, context: {cluster: other, user: partita}}
      current-context: there
      """;

  @Test
  void aTokenAndAnAuthorityMakeAClientThatWaitsForNothingLong() {
    assertThat(of(GOOD))
        .isInstanceOfSatisfying(
            Kubeconfig.Usable.class,
            usable -> {
              assertThat(usable.config().getMasterUrl()).startsWith("https://10.0.0.1:6443");
              assertThat(usable.config().getAutoOAuthToken()).isEqualTo("t0ken");
              assertThat(usable.config().getCaCertData()).isEqualTo("YQ==");
              assertThat(usable.config().getConnectionTimeout()).isLessThanOrEqualTo(2_000);
              assertThat(usable.config().getRequestTimeout()).isLessThanOrEqualTo(5_000);
              assertThat(usable.config().getRequestRetryBackoffLimit()).isZero();
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {token: t0ken}            | {exec: {command: /bin/sh}}                | run a program
          {token: t0ken}            | {auth-provider: {name: gcp}}              | run a program
          {token: t0ken}            | {tokenFile: /var/run/secrets/token}       | names files
          {token: t0ken}            | {client-key: /etc/key, token: t}          | names files
          certificate-authority-data: YQ== | certificate-authority: /etc/ca    | certificate-authority-data
          https://10.0.0.1:6443     | http://10.0.0.1:8080                      | not reached by https
          cluster: other            | cluster: insecure                         | insecure-skip-tls-verify
          user: partita             | user: nobody                              | current-context
          current-context: there    | current-context: here                     | current-context
          kind: Config              | kind: [                                   | cannot be read
          """)
  void whatWouldHarmTheOperatorOrLeadsNowhereIsRefused(String of, String to, String reason) {
    assertThat(GOOD).contains(of);

    assertThat(of(GOOD.replace(of, to)))
        .isInstanceOfSatisfying(
            Kubeconfig.Unusable.class,
            unusable -> assertThat(unusable.reason()).contains(reason).doesNotContain("t0ken"));
  }

  @Test
  void aSecretOfSomethingElseIsRefused() {
    Secret other = new SecretBuilder().addToData("password", "YQ==").build();

    assertThat(Kubeconfig.of(other, new KubernetesSerialization()))
        .isEqualTo(new Kubeconfig.Unusable("has no key kubeconfig"));
    assertThat(Kubeconfig.of(new Secret(), new KubernetesSerialization()))
        .isEqualTo(new Kubeconfig.Unusable("has no key kubeconfig"));
    assertThat(of("")).isInstanceOf(Kubeconfig.Unusable.class);
  }

  private static Kubeconfig of(String text) {
    String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    return Kubeconfig.of(
        new SecretBuilder().addToData("kubeconfig", encoded).build(),
        new KubernetesSerialization());
  }
}
