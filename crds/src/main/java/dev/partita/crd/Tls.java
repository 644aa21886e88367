package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/// The certificates of a Site. Without names of Secrets the operator issues them from an authority
/// of its own, one for each namespace.
///
/// @param secretName Secret with the nodes' certificate: `tls.crt`, `tls.key` (PKCS #8) and
///   `ca.crt`
/// @param operatorSecretName Secret with the operator's certificate, of the same form
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "has(self.secretName) == has(self.operatorSecretName)",
    message = "secretName and operatorSecretName are given together or not at all")
@ValidationRule(
    value = "self.mode != 'Disabled' || !has(self.secretName)",
    message = "a Site in plain text takes no certificates: leave mode or secretName out")
public record Tls(
    @JsonPropertyDescription(
            "Required: nodes speak TLS with certificates on both sides. Disabled: plain text.")
        @Default("Required")
        TlsMode mode,
    @JsonPropertyDescription(
            "Required: clients use TLS. Optional: the plain HTTP port is served as well.")
        @Default("Required")
        ClientTls clients,
    @JsonPropertyDescription(
            "Secret with tls.crt, tls.key and ca.crt of the nodes; the operator issues one if absent.")
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        @Nullable String secretName,
    @JsonPropertyDescription("Secret with tls.crt, tls.key and ca.crt of the operator.")
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        @Nullable String operatorSecretName) {

  /// What a Site has that says nothing.
  public static final Tls DEFAULT = new Tls(TlsMode.Required, ClientTls.Required, null, null);

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public Tls {
    mode = mode == null ? TlsMode.Required : mode;
    clients = clients == null ? ClientTls.Required : clients;
  }
}
