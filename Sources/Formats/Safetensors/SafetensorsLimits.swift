/// The most that a safetensors file or its index may ask for: far above any real model and far below what would hurt.
public struct SafetensorsLimits: Sendable, Equatable {
  /// Bytes of the header; the format's own limit.
  public var headerBytes: UInt64 = 100_000_000
  /// Tensors, and entries of metadata.
  public var entries = 100_000
  /// Files that an index names.
  public var files = 10_000
  /// Bytes of a tensor's name.
  public var nameBytes = 1024
  /// Axes of a tensor.
  public var rank = 8
  /// Bytes of a string of metadata.
  public var stringBytes = 1 << 24
  /// Heap bytes that parsing may take for names, strings and tables.
  public var memoryBudget = 1 << 27

  /// The default limits.
  public init() {}
}
