package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All versions of all documents of a collection, as plainly as they can be kept. For any thread.
public final class DocumentModel {

  /// A document at some timestamp.
  public record Live(PrimaryKey key, Timestamp version, TestDocument document) {}

  /// An index entry at some timestamp.
  public record Hit(PrimaryKey key, List<Datum> terms, List<Datum> values) {}

  private final NavigableMap<PrimaryKey, NavigableMap<Timestamp, Optional<TestDocument>>> rows =
      new TreeMap<>();

  public synchronized void write(
      PrimaryKey key, Timestamp version, @Nullable TestDocument document) {
    rows.computeIfAbsent(key, _ -> new TreeMap<>()).put(version, Optional.ofNullable(document));
  }

  public synchronized List<Live> at(Timestamp timestamp) {
    var live = new ArrayList<Live>();
    rows.forEach((key, versions) -> {
      var version = versions.floorEntry(timestamp);
      if (version != null && version.getValue().isPresent()) {
        live.add(new Live(key, version.getKey(), version.getValue().get()));
      }
    });
    return live;
  }

  public @Nullable Live newest(PrimaryKey key) {
    return at(Timestamp.MAX).stream()
        .filter(live -> live.key().equals(key))
        .findFirst()
        .orElse(null);
  }

  /// The entries with these first terms, in the order of the index.
  public List<Hit> entries(IndexDefinition index, List<Datum> terms, Timestamp timestamp) {
    var hits = new ArrayList<Hit>();
    for (Live live : at(timestamp)) {
      for (TestDocument.Entry entry : live.document().entries(index.id())) {
        if (entry.terms().subList(0, terms.size()).equals(terms)) {
          hits.add(new Hit(live.key(), entry.terms(), entry.values()));
        }
      }
    }
    hits.sort(order(index));
    return hits;
  }

  private static Comparator<Hit> order(IndexDefinition index) {
    return (one, other) -> {
      for (int term = 0; term < index.terms().size(); term++) {
        int order = one.terms().get(term).compareTo(other.terms().get(term));
        if (order != 0) {
          return order;
        }
      }
      for (int value = 0; value < index.values().size(); value++) {
        int order = one.values().get(value).compareTo(other.values().get(value));
        if (order != 0) {
          return index.values().get(value).descending() ? -order : order;
        }
      }
      return one.key().compareTo(other.key());
    };
  }
}
