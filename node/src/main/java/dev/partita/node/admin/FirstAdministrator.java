package dev.partita.node.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.partita.node.catalog.UserEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.security.ScramVerifier;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Makes the first user of a database, an administrator, of a mounted Secret with the files
/// `username` and `password`. All nodes try; the catalog takes one, and none once there are users.
///
/// One virtual thread, which ends when there is a user.
public final class FirstAdministrator implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(FirstAdministrator.class.getName());
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Path directory;
  private final AccountAdmin accounts;
  private final BooleanSupplier ready;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);

  private FirstAdministrator(
      Path directory, AccountAdmin accounts, BooleanSupplier ready, Clock clock) {
    this.directory = directory;
    this.accounts = accounts;
    this.ready = ready;
    this.clock = clock;
  }

  /// Begins to try.
  ///
  /// @param ready whether the node can serve
  public static FirstAdministrator start(
      Path directory, AccountAdmin accounts, BooleanSupplier ready, Clock clock) {
    FirstAdministrator first = new FirstAdministrator(directory, accounts, ready, clock);
    Thread.ofVirtual().name("first-administrator").start(first::run);
    return first;
  }

  private void run() {
    String complaint = "";
    try {
      while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        if (!ready.getAsBoolean()) {
          continue;
        }
        if (!accounts.accounts().users().isEmpty()) {
          return;
        }
        String found = attempt();
        if (!found.isEmpty() && !found.equals(complaint)) {
          LOGGER.log(Level.WARNING, found);
        }
        complaint = found;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// @return what is wrong, nothing if all is well
  private String attempt() {
    try {
      UserEntry user =
          new UserEntry(
              text("username"),
              ScramVerifier.of(text("password"), new SecureRandom()),
              true,
              List.of());
      accounts.putFirstUser(user, Deadline.after(PATIENCE, clock));
      LOGGER.log(Level.INFO, "the first administrator is " + user.name());
      return "";
    } catch (IOException | IllegalArgumentException e) {
      return "there is no user yet, and none can be made of the Secret in "
          + directory
          + ", which takes username and password: "
          + e.getMessage();
    } catch (DatabaseException e) {
      return "the first administrator could not be recorded yet: " + e.text();
    }
  }

  private String text(String file) throws IOException {
    String text = Files.readString(directory.resolve(file), UTF_8).strip();
    if (text.isEmpty()) {
      throw new IOException(file + " is empty");
    }
    return text;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
