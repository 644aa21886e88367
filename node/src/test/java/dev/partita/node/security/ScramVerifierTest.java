package dev.partita.node.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class ScramVerifierTest {
  private static final Base64.Decoder BASE64 = Base64.getDecoder();

  /// The exchange of RFC 7677, section 3.
  @Test
  void keysAreThoseOfTheStandard() {
    ScramVerifier verifier =
        ScramVerifier.of("pencil", BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
    String nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    String authMessage =
        "n=user,r=rOprNGfwEbeRWgbNEkqO,r="
            + nonce
            + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r="
            + nonce;

    assertThat(ScramVerifier.hmac(BASE64.decode(verifier.serverKey()), authMessage))
        .isEqualTo(BASE64.decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));

    byte[] clientKey = BASE64.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    byte[] signature = ScramVerifier.hmac(BASE64.decode(verifier.storedKey()), authMessage);
    for (int i = 0; i < clientKey.length; i++) {
      clientKey[i] ^= signature[i];
    }
    assertThat(ScramVerifier.sha256(clientKey)).isEqualTo(BASE64.decode(verifier.storedKey()));
  }

  @Test
  void onlyThePasswordMatches() {
    ScramVerifier verifier = ScramVerifier.of("correct horse", new SecureRandom());
    assertThat(verifier.matches("correct horse")).isTrue();
    assertThat(verifier.matches("correct horsf")).isFalse();
    assertThat(verifier.matches("")).isFalse();
    assertThat(ScramVerifier.OF_NOBODY.matches("")).isFalse();
  }

  @Test
  void theSamePasswordHasAnotherVerifierEachTime() {
    SecureRandom random = new SecureRandom();
    assertThat(ScramVerifier.of("password", random).storedKey())
        .isNotEqualTo(ScramVerifier.of("password", random).storedKey());
  }

  @Test
  void nothingOfItIsShown() {
    ScramVerifier verifier = ScramVerifier.of("password", new SecureRandom());
    assertThat(verifier.toString()).doesNotContain(verifier.storedKey(), verifier.serverKey());
    BearerToken token = BearerToken.create(new SecureRandom());
    assertThat(token.toString()).doesNotContain(token.secret());
  }

  @Test
  void tokensAreReadBackAndMatchTheirHashAlone() {
    BearerToken token = BearerToken.create(new SecureRandom());
    BearerToken other = BearerToken.create(new SecureRandom());
    assertThat(BearerToken.parse(token.text())).contains(token);
    assertThat(token.matches(token.hash())).isTrue();
    assertThat(token.matches(other.hash())).isFalse();
    assertThat(BearerToken.parse(token.text() + "x")).isEmpty();
    assertThat(BearerToken.parse("")).isEmpty();
    assertThat(token.hash()).doesNotContain(token.secret());
  }
}
