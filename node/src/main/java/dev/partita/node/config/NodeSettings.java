package dev.partita.node.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Everything that a node is told at its start.
///
/// @param data directory of the node's whole durable state
/// @param name of its pod: a label for people, not its identity
/// @param peer its node-to-node traffic
/// @param httpAdvertised `host:port` under which others reach its HTTP API
/// @param dev whether it is a single node that founds a cluster by itself and has no operator
/// @param storage sizes and times of its storage
/// @param tls its certificate; without one all its traffic is plain text
/// @param users whether clients have to log in
public record NodeSettings(
    Path data,
    String name,
    Place place,
    Peer peer,
    HostPort httpAdvertised,
    boolean dev,
    Storage storage,
    @Nullable Tls tls,
    Users users) {
  private static final int DEFAULT_PEER_PORT = 7000;
  private static final int DEFAULT_HTTP_PORT = 8080;
  private static final long DEFAULT_CACHE_BYTES = 64L << 20;
  private static final long DEFAULT_MEMTABLE_BYTES = 24L << 20;
  private static final long DEFAULT_LOG_BYTES = 256L << 20;

  /// A few segments that hold the largest command each.
  private static final long LOG_BYTES_MIN = 64L << 20;

  /// Less would let one flush take minutes.
  private static final long BACKGROUND_RATE_MIN = 1L << 20;

  /// Node-to-node traffic.
  ///
  /// @param bind address to listen on
  /// @param advertised address under which other nodes reach it
  /// @param seeds nodes to ask for the cluster when this one is not registered yet
  /// @param hostsFile a file in hosts format that is looked at before DNS
  public record Peer(
      HostPort bind, HostPort advertised, List<HostPort> seeds, @Nullable Path hostsFile) {
    public Peer {
      seeds = List.copyOf(seeds);
    }
  }

  /// Certificates.
  ///
  /// @param directory of a mounted Secret with `tls.crt`, `tls.key` and `ca.crt`
  /// @param realm the database that the certificates speak of
  /// @param reload how often the directory is looked at
  public record Tls(Path directory, String realm, Duration reload) {
    private static final Duration RELOAD_DEFAULT = Duration.ofSeconds(10);

    public Tls {
      if (!reload.isPositive()) {
        throw new IllegalArgumentException("the interval of looking is positive: " + reload);
      }
    }
  }

  /// Users.
  ///
  /// @param required whether a client has to show who it is
  /// @param administrator directory of a mounted Secret with the `username` and `password` of the
  ///   first administrator
  public record Users(boolean required, @Nullable Path administrator) {
    /// Everybody may do everything.
    public static final Users NOT_ASKED = new Users(false, null);
  }

  /// A node in plain text that asks nobody who he is.
  public NodeSettings(
      Path data,
      String name,
      Place place,
      Peer peer,
      HostPort httpAdvertised,
      boolean dev,
      Storage storage) {
    this(data, name, place, peer, httpAdvertised, dev, storage, null, Users.NOT_ASKED);
  }

  /// Storage.
  ///
  /// @param cacheBytes block cache, shared by all replicas of the node
  /// @param memtableBytes about how much is held in memory before it is flushed
  /// @param logBytes the Raft log of all replicas together; a small disk needs a small one
  /// @param backgroundRate how many bytes flushes and compactions may write in a second, so that
  ///   they leave the disk to reads and to the log; 0 for no limit
  /// @param retention how long old versions stay readable
  public record Storage(
      long cacheBytes, long memtableBytes, long logBytes, long backgroundRate, Duration retention) {
    /// What a node has unless told otherwise.
    public static final Storage DEFAULT = new Storage(DEFAULT_CACHE_BYTES, Duration.ofHours(25));

    /// With the default sizes of memtables and log.
    public Storage(long cacheBytes, Duration retention) {
      this(cacheBytes, DEFAULT_MEMTABLE_BYTES, DEFAULT_LOG_BYTES, 0, retention);
    }

    public Storage {
      if (cacheBytes < 1 << 20) {
        throw new IllegalArgumentException("the cache needs at least 1 MiB: " + cacheBytes);
      }
      if (memtableBytes < 1 << 20) {
        throw new IllegalArgumentException("the memtables need at least 1 MiB: " + memtableBytes);
      }
      if (logBytes < LOG_BYTES_MIN) {
        throw new IllegalArgumentException("the log needs at least 64 MiB: " + logBytes);
      }
      if (backgroundRate != 0 && backgroundRate < BACKGROUND_RATE_MIN) {
        throw new IllegalArgumentException(
            "flushes and compactions need at least 1 MiB/s: " + backgroundRate);
      }
      if (retention.isNegative()) {
        throw new IllegalArgumentException("negative retention: " + retention);
      }
    }
  }

  /// Reads settings by their property names, `partita.data` and so on.
  ///
  /// @param property gives the value of a property, or null
  /// @throws IllegalArgumentException naming the property that is missing or malformed
  public static NodeSettings of(Function<String, @Nullable String> property) {
    Lookup lookup = new Lookup(property);
    HostPort bind =
        new HostPort(
            lookup.text("partita.peer.host", "0.0.0.0"),
            lookup.number("partita.peer.port", DEFAULT_PEER_PORT));
    String name = lookup.text("partita.name", "node");
    HostPort advertised =
        lookup.address("partita.peer.advertised", new HostPort("127.0.0.1", bind.port()));
    return new NodeSettings(
        Path.of(lookup.text("partita.data", "data")),
        name,
        new Place(
            lookup.text("partita.site", "default"),
            lookup.text("partita.cloud", ""),
            lookup.text("partita.region", ""),
            lookup.text("partita.zone", ""),
            Boolean.parseBoolean(lookup.text("partita.edge", "false"))),
        new Peer(bind, advertised, lookup.addresses("partita.seeds"), lookup.hostsFile()),
        lookup.address(
            "partita.http.advertised", new HostPort(advertised.host(), DEFAULT_HTTP_PORT)),
        Boolean.parseBoolean(lookup.text("partita.dev", "false")),
        new Storage(
            lookup.bytes("partita.cache.size", DEFAULT_CACHE_BYTES),
            lookup.bytes("partita.memtable.size", DEFAULT_MEMTABLE_BYTES),
            lookup.bytes("partita.log.size", DEFAULT_LOG_BYTES),
            lookup.bytes("partita.background.rate", 0),
            lookup.duration("partita.retention", Storage.DEFAULT.retention())),
        lookup.tls(),
        lookup.users());
  }

  /// Reads settings from environment variables, `PARTITA_DATA` and so on.
  public static NodeSettings ofEnvironment(Map<String, String> environment) {
    return of(name -> environment.get(environmentName(name)));
  }

  private static String environmentName(String property) {
    return property.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  /// Typed access to the properties, with errors that name them.
  private record Lookup(Function<String, @Nullable String> property) {
    String text(String name, String otherwise) {
      String value = property.apply(name);
      return value == null || value.isBlank() ? otherwise : value.trim();
    }

    int number(String name, int otherwise) {
      return parse(name, Integer.toString(otherwise), Integer::parseInt);
    }

    HostPort address(String name, HostPort otherwise) {
      return parse(name, otherwise.toString(), HostPort::parse);
    }

    List<HostPort> addresses(String name) {
      return parse(
          name,
          "",
          text ->
              Stream.of(text.split(",", -1))
                  .map(String::trim)
                  .filter(part -> !part.isEmpty())
                  .map(HostPort::parse)
                  .toList());
    }

    Duration duration(String name, Duration otherwise) {
      return parse(name, otherwise.toString(), Duration::parse);
    }

    long bytes(String name, long otherwise) {
      return parse(name, Long.toString(otherwise), Lookup::parseBytes);
    }

    @Nullable Tls tls() {
      String directory = text("partita.tls.directory", "");
      return directory.isEmpty()
          ? null
          : new Tls(
              Path.of(directory),
              text("partita.tls.realm", "default"),
              duration("partita.tls.reload", Tls.RELOAD_DEFAULT));
    }

    /// A node that founds its cluster by itself is for one developer; all others ask.
    Users users() {
      boolean dev = Boolean.parseBoolean(text("partita.dev", "false"));
      boolean required =
          parse(
              "partita.authentication",
              dev ? "disabled" : "required",
              text ->
                  switch (text) {
                    case "required" -> true;
                    case "disabled" -> false;
                    default -> throw new IllegalArgumentException("required or disabled");
                  });
      String administrator = text("partita.administrator.directory", "");
      return new Users(required, administrator.isEmpty() ? null : Path.of(administrator));
    }

    @Nullable Path hostsFile() {
      String text = text("partita.hosts.file", "");
      return text.isEmpty() ? null : Path.of(text);
    }

    private <T> T parse(String name, String otherwise, Function<String, T> parser) {
      String text = text(name, otherwise);
      try {
        return parser.apply(text);
      } catch (RuntimeException e) {
        throw new IllegalArgumentException("bad value of " + name + ": " + text, e);
      }
    }

    private static long parseBytes(String text) {
      int shift =
          text.endsWith("Ki") ? 10 : text.endsWith("Mi") ? 20 : text.endsWith("Gi") ? 30 : 0;
      String digits = shift == 0 ? text : text.substring(0, text.length() - 2);
      return Math.multiplyExact(Long.parseLong(digits), 1L << shift);
    }
  }
}
