/// What clients have seen of a database of lists, and whether that is strictly serializable.
///
/// [History][dev.partita.history.History] is filled by clients,
/// [HistoryChecker][dev.partita.history.HistoryChecker] judges it, and
/// [HistoryFiles][dev.partita.history.HistoryFiles] writes it for other checkers. Nothing here
/// knows Partita.
@NullMarked
package dev.partita.history;

import org.jspecify.annotations.NullMarked;
