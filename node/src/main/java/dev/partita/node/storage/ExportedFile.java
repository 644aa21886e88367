package dev.partita.node.storage;

/// A file that [Storage#exportFiles] wrote.
///
/// @param name inside the directory; says what the file holds, so it must be kept when the file is
///   copied
/// @param records how many key-value pairs it holds
/// @param sizeBytes its length
public record ExportedFile(String name, long records, long sizeBytes) {}
