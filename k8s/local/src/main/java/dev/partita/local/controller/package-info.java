/// Controllers: loops that bring the stored state to what the objects declare, driven by watches,
/// without polling.
///
/// [StatefulSetPlan] is the pure decision; [StatefulSetController] carries it out.
/// [GarbageCollector] removes what lost its owner, [NamespaceController] empties namespaces that
/// go, [ClaimController] binds volume claims and [DisruptionBudgetController] keeps their status.
@NullMarked
package dev.partita.local.controller;

import org.jspecify.annotations.NullMarked;
