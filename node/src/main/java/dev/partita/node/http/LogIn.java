package dev.partita.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.partita.node.Node;
import dev.partita.node.catalog.Accounts;
import dev.partita.node.catalog.TokenEntry;
import dev.partita.node.catalog.UserEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.security.BearerToken;
import dev.partita.node.security.LoginThrottle;
import dev.partita.node.security.ScramVerifier;
import dev.partita.node.time.Clock;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Checks what a request's `Authorization` header claims: `Bearer` with a token, or `Basic` with a
/// name and a password (RFC 6750, RFC 7617). Every refusal reads the same, whatever was wrong.
/// Thread-safe.
@Singleton
final class LogIn {
  /// Context of a refusal with the seconds to wait.
  static final String RETRY_AFTER = "retryAfterSeconds";

  private static final String BEARER = "bearer ";
  private static final String BASIC = "basic ";
  private static final int PASSWORD_CHARACTERS_MAX = 1024;

  /// Passwords that are checked at a time: each takes a processor for some milliseconds.
  private static final int CHECKS_MAX = 4;

  /// Requests that wait for a token to arrive from the node that has made it.
  private static final int ARRIVALS_MAX = 32;

  private static final Duration ARRIVAL = Duration.ofSeconds(1);
  private static final Duration ARRIVAL_LOOK = Duration.ofMillis(20);

  private final Node node;
  private final Clock clock;
  private final AuditLog audit;
  private final LoginThrottle throttle = new LoginThrottle();
  private final Semaphore checks = new Semaphore(CHECKS_MAX);
  private final Semaphore arrivals = new Semaphore(ARRIVALS_MAX);

  LogIn(NodeLifecycle lifecycle, AuditLog audit) {
    this.node = lifecycle.node();
    this.clock = node.clock();
    this.audit = audit;
  }

  /// The holder of a token that this node knows; does not block.
  Optional<Principal> byKnownToken(String header) {
    return token(header).flatMap(this::holder);
  }

  private static Optional<BearerToken> token(String header) {
    return hasScheme(header, BEARER)
        ? BearerToken.parse(header.substring(BEARER.length()).strip())
        : Optional.empty();
  }

  private static boolean hasScheme(String header, String scheme) {
    return header.length() > scheme.length()
        && header.substring(0, scheme.length()).toLowerCase(Locale.ROOT).equals(scheme);
  }

  private Optional<Principal> holder(BearerToken token) {
    Accounts accounts = node.accounts().accounts();
    TokenEntry entry = accounts.tokens().get(token.id());
    if (entry == null
        || !token.matches(entry.hash())
        || entry.expiresMillis() <= clock.wallMillis()) {
      return Optional.empty();
    }
    UserEntry user = accounts.users().get(entry.user());
    return user == null ? Optional.empty() : Optional.of(new Principal.User(user, false));
  }

  /// Somebody who was let in before, as it is by now; empty if it would not be let in any more.
  /// Does not block, and does not look at a password again.
  Optional<Principal> again(Principal principal, @Nullable String header) {
    if (!(principal instanceof Principal.User user)) {
      return Optional.of(principal);
    }
    if (!user.byPassword()) {
      return header == null ? Optional.empty() : byKnownToken(header);
    }
    UserEntry entry = node.accounts().accounts().users().get(user.name());
    return entry == null ? Optional.empty() : Optional.of(new Principal.User(entry, true));
  }

  /// Whoever the header says, checked. May block for some seconds.
  ///
  /// @throws DatabaseException if it is not so
  Principal slowly(String header, HttpServerRequest request) throws InterruptedException {
    if (hasScheme(header, BASIC)) {
      return byPassword(header.substring(BASIC.length()).strip(), request);
    }
    Optional<BearerToken> token = token(header);
    if (token.isEmpty()) {
      throw refusal();
    }
    return arriving(token.get()).orElseThrow(LogIn::refusal);
  }

  /// A token that was made through another node a moment ago may not be known here yet.
  private Optional<Principal> arriving(BearerToken token) throws InterruptedException {
    if (node.accounts().accounts().tokens().containsKey(token.id()) || !arrivals.tryAcquire()) {
      return holder(token);
    }
    try {
      long end = clock.monotonicNanos() + ARRIVAL.toNanos();
      Optional<Principal> found = holder(token);
      while (found.isEmpty() && clock.monotonicNanos() < end) {
        Thread.sleep(ARRIVAL_LOOK);
        found = holder(token);
      }
      return found;
    } finally {
      arrivals.release();
    }
  }

  private Principal byPassword(String encoded, HttpServerRequest request) {
    String[] claim = claim(encoded);
    if (claim == null) {
      throw refusal();
    }
    String name = claim[0];
    String address = address(request);
    Duration pause = throttle.pause(name, address, clock.monotonicNanos());
    if (pause.isPositive()) {
      throw new DatabaseException(ErrorCode.THROTTLED, "too many failed log-ins: wait")
          .with(RETRY_AFTER, pause.toSeconds() + 1);
    }
    if (!checks.tryAcquire()) {
      throw new DatabaseException(ErrorCode.OVERLOADED, "too many log-ins at this node at a time");
    }
    try {
      UserEntry user = node.accounts().accounts().users().get(name);
      ScramVerifier verifier = user == null ? ScramVerifier.OF_NOBODY : user.verifier();
      if (verifier.matches(claim[1]) && user != null) {
        throttle.succeeded(name, address);
        return new Principal.User(user, true);
      }
    } finally {
      checks.release();
    }
    throttle.failed(name, address, clock.monotonicNanos());
    audit.refused(name, request, "password");
    throw refusal();
  }

  private static String @Nullable [] claim(String encoded) {
    try {
      String claim = new String(Base64.getDecoder().decode(encoded), UTF_8);
      int colon = claim.indexOf(':');
      return colon <= 0 || claim.length() > PASSWORD_CHARACTERS_MAX
          ? null
          : new String[] {claim.substring(0, colon), claim.substring(colon + 1)};
    } catch (IllegalArgumentException e) {
      // Not Base64.
      return null;
    }
  }

  private static String address(HttpServerRequest request) {
    SocketAddress remote = request.remoteAddress();
    return remote == null ? "" : remote.hostAddress();
  }

  private static DatabaseException refusal() {
    return new DatabaseException(
        ErrorCode.UNAUTHENTICATED, "the token, or the name and password, are not right");
  }
}
