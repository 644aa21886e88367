package dev.partita.operator.fake;

/// Where the nodes of a Site say that they are.
record FakePlace(String cloud, String region, boolean edge) {

  static final FakePlace UNKNOWN = new FakePlace("", "", false);
}
