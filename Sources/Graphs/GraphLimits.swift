import CVenturi

/// The most that a run may take; a graph's sizes may depend on data, so they are bounded while it runs.
public struct GraphLimits: Sendable, Equatable {
  /// Bytes of tensors alive at a time: by default three quarters of what the machine has free.
  public var memory = Int(clamping: vt_available_memory() / 4 * 3)
  /// Nodes run, those in loops counted each time.
  public var steps = 10_000_000
  /// Nodes of the prepared graph, functions counted at each call.
  public var nodes = 1 << 20

  /// The default limits.
  public init() {}
}
