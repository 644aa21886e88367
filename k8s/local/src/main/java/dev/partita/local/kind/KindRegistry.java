package dev.partita.local.kind;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// All kinds that are served now. Reads are lock-free; a definition's kinds are replaced as a
/// whole.
public final class KindRegistry {
  private final List<Kind> builtIn = BuiltInKinds.all();
  private volatile Map<String, List<Kind>> custom = Map.of();

  /// Serves the kinds of the definition `name` from now on, none if the list is empty.
  public synchronized void define(String name, List<Kind> kinds) {
    Map<String, List<Kind>> next = new TreeMap<>(custom);
    if (kinds.isEmpty()) {
      next.remove(name);
    } else {
      next.put(name, List.copyOf(kinds));
    }
    custom = next;
  }

  /// Built-in kinds first, then the custom ones by the name of their definition.
  public List<Kind> all() {
    List<Kind> all = new ArrayList<>(builtIn);
    custom.values().forEach(all::addAll);
    return all;
  }

  public Optional<Kind> find(String group, String version, String plural) {
    return all().stream()
        .filter(k ->
            k.plural().equals(plural) && k.version().equals(version) && k.group().equals(group))
        .findFirst();
  }

  public Optional<Kind> ofObject(String apiVersion, String kind) {
    return all().stream()
        .filter(k -> k.kind().equals(kind) && k.apiVersion().equals(apiVersion))
        .findFirst();
  }

  /// One kind for each stored resource.
  public List<Kind> stored() {
    Map<String, Kind> byStorage = new TreeMap<>();
    all().forEach(kind -> byStorage.putIfAbsent(kind.storage(), kind));
    return List.copyOf(byStorage.values());
  }

  /// The kind through which the objects of a stored resource are handled inside the server.
  public Optional<Kind> ofStorage(String resource) {
    return all().stream().filter(k -> k.storage().equals(resource)).findFirst();
  }

  public List<Kind> ofGroupVersion(String group, String version) {
    return all().stream()
        .filter(k -> k.group().equals(group) && k.version().equals(version))
        .toList();
  }

  /// The versions of each named group, the preferred one first.
  public Map<String, List<String>> groups() {
    Map<String, List<String>> groups = new TreeMap<>();
    Stream.concat(
            all().stream().map(k -> Map.entry(k.group(), k.version())),
            BuiltInKinds.REVIEW_GROUPS.stream())
        .filter(e -> !e.getKey().isEmpty())
        .forEach(e -> {
          List<String> versions = groups.computeIfAbsent(e.getKey(), g -> new ArrayList<>());
          if (!versions.contains(e.getValue())) {
            versions.add(e.getValue());
          }
        });
    groups.values().forEach(versions -> versions.sort(Comparator.comparing(KindRegistry::rank)));
    return groups;
  }

  /// General availability before beta before alpha, higher numbers first, as the priority of API
  /// versions goes.
  private static String rank(String version) {
    int stage = version.contains("alpha") ? 2 : version.contains("beta") ? 1 : 0;
    return stage + ":" + (char) (0xffff - number(version)) + version;
  }

  private static int number(String version) {
    String digits = version.replaceAll("^v(\\d{1,3}).*", "$1");
    return digits.matches("\\d+") ? Integer.parseInt(digits) : 0;
  }
}
