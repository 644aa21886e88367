package dev.partita.node.config;

/// Where a node runs.
///
/// @param site name of its Site
/// @param cloud empty where it does not apply, like the region and the zone
/// @param edge whether the Site holds non-voting replicas only
public record Place(String site, String cloud, String region, String zone, boolean edge) {}
