package dev.partita.node.transport;

/// Figures of a node's traffic with its peers, for metrics. Counters begin at 0 with the process.
///
/// @param sentBytes counter: written to connections
/// @param receivedBytes counter: read from connections
/// @param queuedBytes what waits for peers now
/// @param openCalls calls that wait for their response
/// @param connections connections to peers that are ready now
/// @param connects counter: connections that became ready, the first ones included
/// @param losses counter: ready connections that ended
/// @param connectFailures counter: attempts that came to nothing
/// @param droppedMessages counter: one-way messages dropped over the bound of a queue
/// @param refusedRequests counter: requests of peers that were refused over the bound
/// @param refusedCalls counter: calls to peers that were refused over the bound of a queue
public record TransportFigures(
    long sentBytes,
    long receivedBytes,
    long queuedBytes,
    long openCalls,
    long connections,
    long connects,
    long losses,
    long connectFailures,
    long droppedMessages,
    long refusedRequests,
    long refusedCalls) {}
