import NumericTypes

/// What the keys and values of attention are kept in.
///
/// Models without such a cache, Mamba-2 and RWKV-7, keep their states in f32 whatever is said here.
public enum CacheType: String, Sendable, CaseIterable, Codable {
  /// Single precision.
  case f32
  /// Half precision.
  case f16
  /// Integers of 8 bits with one scale for each key and each value of a head.
  case q8

  /// What counts where nothing is said.
  public init(for compute: ComputeMode) { self = compute == .f32 ? .f32 : .f16 }

  /// The cache's element type.
  public var dtype: DType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .q8: .i8
    }
  }
}
