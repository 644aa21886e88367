package dev.partita.node.query;

import dev.partita.node.partition.Response;

/// A partition that a page reads was split: the page is read again from those that have its rows.
final class SplitMeanwhile extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Response.Split split;

  SplitMeanwhile(Response.Split split) {
    super("the partition was split", null, false, false);
    this.split = split;
  }

  Response.Split split() {
    return split;
  }
}
