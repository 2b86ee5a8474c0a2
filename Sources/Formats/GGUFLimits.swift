/// The most that a file may ask for. The defaults are far above any real model and far below what would hurt.
public struct GGUFLimits: Sendable, Equatable {
  /// Metadata entries.
  public var metadataEntries: UInt64 = 1 << 16
  /// Tensors.
  public var tensors: UInt64 = 1 << 16
  /// Bytes of a metadata key; the format's own limit.
  public var keyBytes: UInt64 = (1 << 16) - 1
  /// Bytes of a tensor's name: 64 with a terminating zero in the format's reference reader.
  public var tensorNameBytes: UInt64 = 63
  /// Axes of a tensor.
  public var rank: UInt64 = 4
  /// Bytes of the longest string that is decoded while parsing.
  public var stringBytes: UInt64 = 1 << 26
  /// Bytes of one array of strings, content and lengths: positions in it are kept in 32 bits.
  public var stringArrayBytes: UInt64 = (1 << 32) - 1
  /// The alignment of tensor data, in bytes.
  public var alignment: UInt64 = 1 << 20
  /// Heap bytes that parsing may take for keys, strings and tables. Arrays stay in the file.
  public var memoryBudget = 1 << 27

  /// The default limits.
  public init() {}
}
