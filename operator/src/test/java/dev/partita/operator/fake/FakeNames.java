package dev.partita.operator.fake;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.security.Security;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// Resolves the names that nodes are known by in all clusters, which end in [#DOMAIN], in this JVM:
/// what a DNS server does that knows the pods of several clusters.
public final class FakeNames extends InetAddressResolverProvider {

  /// What such names end in.
  static final String DOMAIN = ".partita.test";

  private static final Map<String, String> ADDRESSES = new ConcurrentHashMap<>();

  /// Makes a name known, if it is one of these.
  ///
  /// @param advertised `name:port`
  static void tell(String advertised, String address) {
    String name = advertised.replaceFirst(":[0-9]+$", "");
    if (name.endsWith(DOMAIN)) {
      ADDRESSES.put(name, address);
    }
  }

  @Override
  public InetAddressResolver get(Configuration configuration) {
    // A pod is often asked for before it is known.
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    InetAddressResolver builtIn = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        if (!host.endsWith(DOMAIN)) {
          return builtIn.lookupByName(host, policy);
        }
        String address = ADDRESSES.get(host);
        if (address == null) {
          throw new UnknownHostException(host);
        }
        return Stream.of(InetAddress.ofLiteral(address));
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return builtIn.lookupByAddress(address);
      }
    };
  }

  @Override
  public String name() {
    return "names of fake nodes";
  }
}
