package dev.partita.operator.rollout;

/// A pod as the rollout sees it.
///
/// @param revision hash of the template it was made from
/// @param ready whether its readiness probe succeeds
public record RunningPod(String name, int ordinal, String revision, boolean ready) {}
