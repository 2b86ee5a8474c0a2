import NumericTypes

/// The low-rank change of one weight matrix, W + s·B·A, laid out for ``Context/addLowRank(_:to:rows:of:)``.
public struct LowRankMatrix: Sendable {
  /// A's rows and B's columns, r.
  public let rank: Int
  /// The length of an input row.
  public let inFeatures: Int
  /// The length of an output row.
  public let outFeatures: Int
  /// s.
  public let scale: Float
  /// How both are kept: f32, f16 or bf16.
  public let dtype: DType
  private let storage: Storage
  private let offset: Int

  /// A's rows with those of zeros that make whole groups for the kernels.
  var paddedRank: Int { Self.padded(rank) }

  /// A, [paddedRank, inFeatures].
  var a: UnsafeRawPointer { UnsafeRawPointer(storage.base + offset) }
  /// Bᵀ, [rank, outFeatures].
  var transposedB: UnsafeRawPointer { a + Self.bytesOfA(rank, inFeatures, dtype) }

  private static func padded(_ rank: Int) -> Int { (rank + 7) / 8 * 8 }

  private static func rounded(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  private static func bytesOfA(_ rank: Int, _ inFeatures: Int, _ dtype: DType) -> Int {
    rounded(padded(rank) * inFeatures * dtype.blockBytes)
  }

  /// The bytes that a change takes; the largest number where they do not fit one.
  public static func bytes(rank: Int, inFeatures: Int, outFeatures: Int, dtype: DType) -> Int {
    let width = dtype.blockBytes
    return padded(rank).multipliedClamped(by: inFeatures).multipliedClamped(by: width).addingClamped(64)
      .addingClamped(rank.multipliedClamped(by: outFeatures).multipliedClamped(by: width)).addingClamped(64)
  }

  /// A change that is written into `storage` from `offset` on, where it has ``bytes(rank:inFeatures:outFeatures:dtype:)``.
  ///
  /// - Parameters:
  ///   - a: [rank, inFeatures].
  ///   - b: [outFeatures, rank].
  ///   - scale: s.
  ///   - rank: r.
  ///   - dtype: f32, f16 or bf16.
  ///   - storage: where it is kept.
  ///   - offset: a multiple of 64.
  /// - Precondition: A and B have the sizes given, and there is room.
  public init(
    a: [Float], b: [Float], scale: Float, rank: Int, dtype: DType, in storage: Storage, at offset: Int
  ) {
    precondition(rank > 0 && a.count.isMultiple(of: rank) && b.count.isMultiple(of: rank), "a rank of \(rank)")
    self.rank = rank
    inFeatures = a.count / rank
    outFeatures = b.count / rank
    self.scale = scale
    self.dtype = dtype
    self.storage = storage
    self.offset = offset
    let need = Self.bytes(rank: rank, inFeatures: inFeatures, outFeatures: outFeatures, dtype: dtype)
    precondition(
      offset.isMultiple(of: 64) && offset + need <= storage.byteCount && [.f32, .f16, .bf16].contains(dtype),
      "\(need) bytes at \(offset) of \(storage.byteCount)")
    let target = storage.base + offset
    target.initializeMemory(as: UInt8.self, repeating: 0, count: Self.bytesOfA(rank, inFeatures, dtype))
    for index in a.indices { Self.store(a[index], dtype, target, index) }
    let second = target + Self.bytesOfA(rank, inFeatures, dtype)
    for row in 0..<outFeatures {
      for r in 0..<rank { Self.store(b[row * rank + r], dtype, second, r * outFeatures + row) }
    }
  }

  private static func store(_ value: Float, _ dtype: DType, _ base: UnsafeMutableRawPointer, _ index: Int) {
    switch dtype {
    case .f16: base.storeBytes(of: halfBits(of: value), toByteOffset: 2 * index, as: UInt16.self)
    case .bf16: base.storeBytes(of: BFloat16(value).bitPattern, toByteOffset: 2 * index, as: UInt16.self)
    default: base.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
    }
  }
}
