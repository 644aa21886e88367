package dev.partita.node.query;

import dev.partita.node.partition.ChangePosition;
import dev.partita.node.time.Timestamp;
import java.util.List;

/// Some changes of a collection, in their order.
///
/// @param position where to go on
/// @param resolved no change up to here, and behind where the page began, is missing from this page
///   and those before it, and none will come
/// @param more whether there are others already
public record ChangePage(
    List<Change> changes, ChangePosition position, Timestamp resolved, boolean more) {

  public ChangePage {
    changes = List.copyOf(changes);
  }
}
