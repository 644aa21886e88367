package dev.partita.operator;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// Kills an operator at one of its writes: the write and everything after it never reaches anybody.
///
/// Counts the writes to the API server and to the nodes together; reads are never counted.
public final class CrashPoint {

  /// The operator is dead. An error, so that nothing in the operator takes it for an ordinary
  /// failure.
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Killed() {
      super("the operator was killed");
    }
  }

  private final AtomicInteger writes = new AtomicInteger();
  private volatile int survived;
  private volatile Consumer<String> before = _ -> {};
  private volatile Consumer<String> after = _ -> {};

  private CrashPoint(int survived) {
    this.survived = survived;
  }

  /// Dies at the first write after `survived` ones.
  public static CrashPoint after(int survived) {
    return new CrashPoint(survived);
  }

  /// Lives on.
  public static CrashPoint never() {
    return new CrashPoint(Integer.MAX_VALUE);
  }

  /// From now on it dies at the first write after so many further ones.
  void dieAfter(int further) {
    survived = writes.get() + further;
  }

  /// Lives on after all, unless it is dead already.
  void spare() {
    if (!isReached()) {
      survived = Integer.MAX_VALUE;
    }
  }

  /// From now on somebody does something around each write, while the operator waits.
  ///
  /// @param before gets what is written where
  /// @param after gets what was written to the API server, which the operator does not know yet
  void interfere(Consumer<String> before, Consumer<String> after) {
    this.before = before;
    this.after = after;
  }

  /// Called before each write.
  ///
  /// @param what is written where
  void beforeWrite(String what) {
    if (writes.incrementAndGet() > survived) {
      throw new Killed();
    }
    before.accept(what);
  }

  /// Called after each write that the API server has answered, before the operator hears of it.
  void afterWrite(String what) {
    after.accept(what);
  }

  /// Writes that were let through or attempted.
  public int writes() {
    return writes.get();
  }

  public boolean isReached() {
    return writes.get() > survived;
  }
}
