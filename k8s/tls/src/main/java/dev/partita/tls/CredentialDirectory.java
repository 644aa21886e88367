package dev.partita.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The credentials in a directory with the files `tls.crt`, `tls.key` and `ca.crt`, as Kubernetes
/// mounts a Secret; looked at again from time to time, so that renewed ones are used without a
/// restart.
///
/// What cannot be used, such as a Secret of which one file has been replaced and the next not yet,
/// changes nothing: the credentials before stay current. One virtual thread looks and calls the
/// listeners.
public final class CredentialDirectory implements Supplier<Credentials>, AutoCloseable {
  /// The own certificate and those between it and the authority.
  public static final String CHAIN_FILE = "tls.crt";

  /// The private key.
  public static final String KEY_FILE = "tls.key";

  /// The authorities that are trusted.
  public static final String AUTHORITIES_FILE = "ca.crt";

  private static final Logger LOGGER = System.getLogger(CredentialDirectory.class.getName());

  private final Path directory;
  private final List<Consumer<Credentials>> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Loaded current;

  /// @param content by which a change is noticed; of the key a file's text is kept as long as its
  ///   credentials
  private record Loaded(Contents content, Credentials credentials) {}

  private record Contents(String chain, String key, String authorities) {
    @Override
    public String toString() {
      return "files of credentials";
    }
  }

  /// Reads the directory, and again after each interval.
  ///
  /// @throws IOException if there are no credentials in it that can be used
  public static CredentialDirectory open(Path directory, Duration interval) throws IOException {
    CredentialDirectory opened = new CredentialDirectory(directory);
    Thread.ofVirtual().name("credentials").start(() -> opened.look(interval));
    return opened;
  }

  private CredentialDirectory(Path directory) throws IOException {
    this.directory = directory;
    try {
      this.current = load(read());
    } catch (GeneralSecurityException e) {
      throw new IOException("the credentials in " + directory + " cannot be used", e);
    }
  }

  /// The newest credentials.
  @Override
  public Credentials get() {
    return current.credentials();
  }

  /// Has a listener called with each new credentials, after [#get] returns them.
  public void onChange(Consumer<Credentials> listener) {
    listeners.add(listener);
  }

  private void look(Duration interval) {
    String complaint = "";
    try {
      while (!closed.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
        String found = refresh();
        if (!found.isEmpty() && !found.equals(complaint)) {
          LOGGER.log(Level.WARNING, found);
        }
        complaint = found;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Looks once.
  ///
  /// @return what is wrong, nothing if all is well
  String refresh() {
    try {
      Contents content = read();
      if (!content.equals(current.content())) {
        current = load(content);
        LOGGER.log(
            Level.INFO,
            "using renewed credentials, valid until " + current.credentials().certificateExpiry());
        listeners.forEach(listener -> listener.accept(current.credentials()));
      }
      return "";
    } catch (IOException | GeneralSecurityException e) {
      return "the credentials in "
          + directory
          + " were changed to some that cannot be used, those before stay in use: "
          + e.getMessage();
    }
  }

  private Contents read() throws IOException {
    return new Contents(text(CHAIN_FILE), text(KEY_FILE), text(AUTHORITIES_FILE));
  }

  private String text(String file) throws IOException {
    return Files.readString(directory.resolve(file), US_ASCII);
  }

  private static Loaded load(Contents content) throws GeneralSecurityException {
    return new Loaded(
        content, Credentials.of(content.chain(), content.key(), content.authorities()));
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
