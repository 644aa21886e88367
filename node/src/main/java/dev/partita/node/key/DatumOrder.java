package dev.partita.node.key;

import dev.partita.node.key.Datum.Bool;
import dev.partita.node.key.Datum.Composite;
import dev.partita.node.key.Datum.Decimal;
import dev.partita.node.key.Datum.Int;
import dev.partita.node.key.Datum.Null;
import dev.partita.node.key.Datum.Text;
import java.math.BigDecimal;
import java.util.List;

/// The order of data, written down apart from the encoding so that each can be tested against the
/// other.
final class DatumOrder {
  private DatumOrder() {}

  static int compare(Datum one, Datum other) {
    return switch (one) {
      case Int(long a) when other instanceof Int(long b) -> Long.compare(a, b);
      case Int(long a) when other instanceof Decimal(BigDecimal b) ->
          BigDecimal.valueOf(a).compareTo(b);
      case Decimal(BigDecimal a) when other instanceof Int(long b) ->
          a.compareTo(BigDecimal.valueOf(b));
      case Decimal(BigDecimal a) when other instanceof Decimal(BigDecimal b) -> a.compareTo(b);
      case Text(String a) when other instanceof Text(String b) -> compareText(a, b);
      case Composite(List<Datum> a) when other instanceof Composite(List<Datum> b) ->
          compareParts(a, b);
      default -> Integer.compare(rank(one), rank(other));
    };
  }

  /// Compares code point by code point; an unpaired surrogate counts as the code point it looks
  /// like.
  private static int compareText(String one, String other) {
    int common = Math.min(one.length(), other.length());
    int at = 0;
    while (at < common) {
      int a = one.codePointAt(at);
      int b = other.codePointAt(at);
      if (a != b) {
        return Integer.compare(a, b);
      }
      at += Character.charCount(a);
    }
    return Integer.compare(one.length(), other.length());
  }

  private static int compareParts(List<Datum> one, List<Datum> other) {
    int common = Math.min(one.size(), other.size());
    for (int i = 0; i < common; i++) {
      int order = compare(one.get(i), other.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(one.size(), other.size());
  }

  private static int rank(Datum datum) {
    return switch (datum) {
      case Null() -> 0;
      case Bool(boolean value) -> value ? 2 : 1;
      case Int _, Decimal _ -> 3;
      case Text _ -> 4;
      case Composite _ -> 5;
    };
  }
}
