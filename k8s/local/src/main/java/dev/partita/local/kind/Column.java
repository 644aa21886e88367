package dev.partita.local.kind;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;

/// A column of a table.
///
/// @param priority 0 is always shown, others only with `-o wide`
/// @param cell the cell of an object; a null node where there is nothing to show
public record Column(
    String name,
    String type,
    String format,
    String description,
    int priority,
    Function<ObjectNode, JsonNode> cell) {}
