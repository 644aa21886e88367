package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.kind.Tables;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.object.ObjectService;
import dev.partita.local.object.Views;
import dev.partita.local.store.Store;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import dev.partita.local.store.Watch;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends the changes of objects as one JSON document a line, until the client leaves or the time is
/// over.
final class WatchStream {
  private static final Duration BOOKMARK_PERIOD = Duration.ofMinutes(1);
  private static final Duration DURATION_MAX = Duration.ofHours(1);

  private final Call call;
  private final Kind kind;
  private final Store store;
  private final Predicate<ObjectNode> selection;
  private final Presentation presentation;
  private final boolean bookmarks;
  private boolean headingsSent;
  private long sent;

  /// A stream of the objects that `selection` accepts.
  WatchStream(Call call, Kind kind, ObjectService objects, Predicate<ObjectNode> selection) {
    this.call = call;
    this.kind = kind;
    this.store = objects.store();
    this.selection = selection;
    this.presentation = Presentation.wanted(call);
    this.bookmarks = call.flag("allowWatchBookmarks");
  }

  /// Runs the stream on the calling thread.
  void run(String namespace) throws IOException {
    Predicate<StoreKey> interest =
        key ->
            key.resource().equals(kind.storage())
                && (namespace.isEmpty() || key.namespace().equals(namespace));
    long since = call.number("resourceVersion", 0);
    boolean initial = since == 0 || call.flag("sendInitialEvents");
    Store.Listing now = store.list(kind.storage(), namespace);
    Watch watch = store.watch(interest, initial ? now.revision() : since);
    try (OutputStream out = call.stream("application/json")) {
      if (watch == null) {
        send(out, "ERROR", ApiFailure.expired(since, store.revision()).toStatus());
        return;
      }
      try (watch) {
        if (initial) {
          sendInitial(out, now);
        }
        sendChanges(out, watch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendInitial(OutputStream out, Store.Listing now) throws IOException {
    for (ObjectNode object : now.objects()) {
      ObjectNode view = Views.of(kind, object);
      if (selection.test(view)) {
        send(out, "ADDED", shown(view));
      }
    }
    sent = now.revision();
    if (call.flag("sendInitialEvents")) {
      bookmark(out, true);
    }
    out.flush();
  }

  private void sendChanges(OutputStream out, Watch watch) throws IOException, InterruptedException {
    out.flush();
    Duration limit = Duration.ofSeconds(call.number("timeoutSeconds", DURATION_MAX.toSeconds()));
    Instant end = Instant.now().plus(limit);
    while (!watch.broken()) {
      Duration left = Duration.between(Instant.now(), end);
      if (left.isNegative() || left.isZero()) {
        if (bookmarks) {
          bookmark(out, false);
        }
        return;
      }
      StoreEvent event = watch.poll(left.compareTo(BOOKMARK_PERIOD) < 0 ? left : BOOKMARK_PERIOD);
      if (event != null) {
        sendEvent(out, event);
      } else if (bookmarks) {
        sent = Math.max(sent, store.revision());
        bookmark(out, false);
      }
      out.flush();
    }
    send(out, "ERROR", ApiFailure.expired(sent, store.revision()).toStatus());
  }

  /// A change into or out of the selection is an addition or a deletion for this client.
  private void sendEvent(OutputStream out, StoreEvent event) throws IOException {
    sent = event.revision();
    ObjectNode view = Views.of(kind, event.object());
    ObjectNode previous = event.previous();
    boolean before = previous != null && selection.test(Views.of(kind, previous));
    boolean after = event.type() != StoreEvent.Type.DELETED && selection.test(view);
    String type = type(before, after);
    if (type != null) {
      send(out, type, shown(view));
    }
  }

  private static @Nullable String type(boolean before, boolean after) {
    if (after) {
      return before ? "MODIFIED" : "ADDED";
    }
    return before ? "DELETED" : null;
  }

  private ObjectNode shown(ObjectNode view) {
    return switch (presentation) {
      case PLAIN -> view;
      case METADATA -> Tables.metadataOnly(view);
      case TABLE -> {
        boolean headings = !headingsSent;
        headingsSent = true;
        yield Tables.of(kind, List.of(view), Presentation.included(call), headings);
      }
    };
  }

  private void bookmark(OutputStream out, boolean initialEnd) throws IOException {
    ObjectNode object = Json.object().put("kind", kind.kind()).put("apiVersion", kind.apiVersion());
    ObjectNode metadata = object.putObject("metadata");
    metadata.put("resourceVersion", Long.toString(Math.max(sent, 1)));
    metadata.putNull("creationTimestamp");
    if (initialEnd) {
      metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
    }
    send(out, "BOOKMARK", presentation == Presentation.TABLE ? shownBookmark(object) : object);
  }

  private ObjectNode shownBookmark(ObjectNode object) {
    ObjectNode table = Tables.of(kind, List.of(), Tables.Include.NONE, !headingsSent);
    table.set("metadata", object.path("metadata"));
    return table;
  }

  private static void send(OutputStream out, String type, ObjectNode object) throws IOException {
    ObjectNode event = Json.object().put("type", type);
    event.set("object", object);
    out.write(Json.bytes(event));
    out.write('\n');
  }
}
