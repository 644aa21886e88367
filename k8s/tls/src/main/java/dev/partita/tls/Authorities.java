package dev.partita.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// The authorities whose certificates one side of a connection accepts.
public final class Authorities {
  private final List<X509Certificate> certificates;
  private final X509TrustManager verification;

  Authorities(List<X509Certificate> certificates) throws GeneralSecurityException {
    this.certificates = List.copyOf(certificates);
    this.verification = verification(this.certificates);
  }

  /// Authorities as they lie in a file `ca.crt`.
  ///
  /// @throws GeneralSecurityException if it holds no certificates
  public static Authorities of(String bundle) throws GeneralSecurityException {
    return new Authorities(Pem.certificates(bundle));
  }

  private static X509TrustManager verification(List<X509Certificate> certificates)
      throws GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    try {
      store.load(null, null);
    } catch (IOException e) {
      throw new IllegalStateException("an empty key store needs no input", e);
    }
    for (int i = 0; i < certificates.size(); i++) {
      store.setCertificateEntry("authority-" + i, certificates.get(i));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager found) {
        return found;
      }
    }
    throw new IllegalStateException("every Java platform verifies certificates");
  }

  List<X509Certificate> certificates() {
    return certificates;
  }

  /// Verifies chains up to the authorities: signatures, dates, usages.
  X509TrustManager verification() {
    return verification;
  }
}
