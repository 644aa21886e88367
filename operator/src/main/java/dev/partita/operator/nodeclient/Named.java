package dev.partita.operator.nodeclient;

import java.util.AbstractList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// An immutable list whose elements are found by name as well, however many there are. Of several
/// with one name the first one is.
final class Named<E> extends AbstractList<E> {

  private final List<E> elements;
  private final Map<String, E> byName = new HashMap<>();

  private Named(Collection<E> elements, Function<E, String> name) {
    this.elements = List.copyOf(elements);
    this.elements.forEach(each -> byName.putIfAbsent(name.apply(each), each));
  }

  static <E> List<E> of(Collection<E> elements, Function<E, String> name) {
    return elements instanceof Named<E> named ? named : new Named<>(elements, name);
  }

  /// @param elements made by [#of]
  static <E> Optional<E> find(List<E> elements, String name) {
    return elements instanceof Named<E> named
        ? Optional.ofNullable(named.byName.get(name))
        : Optional.empty();
  }

  @Override
  public E get(int index) {
    return elements.get(index);
  }

  @Override
  public int size() {
    return elements.size();
  }
}
