package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;

/// Addresses of services that are not headless.
///
/// Nothing listens there: the control plane has no service proxy, clients use the addresses of
/// pods. The address only fills the field that every such service has, and is derived from its
/// name.
final class ServiceAddresses {
  private static final int HOSTS = 1 << 16;

  private ServiceAddresses() {}

  static void assign(ObjectNode service) {
    ObjectNode spec = Json.ensure(service, "spec");
    if (Json.has(spec, "clusterIP") || Json.string(spec, "type").equals("ExternalName")) {
      return;
    }
    String name =
        Json.string(service, "metadata", "namespace")
            + "/"
            + Json.string(service, "metadata", "name");
    int host = Math.floorMod(name.hashCode(), HOSTS);
    String address = "10.96." + (host >> 8) + "." + (host & 0xff);
    spec.put("clusterIP", address);
    spec.set("clusterIPs", Json.array().add(address));
  }
}
