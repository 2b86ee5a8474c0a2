/// How a matrix is held in four bits: blocks along its last axis with a scale each.
public struct FP4Format: Sendable, Hashable {
  /// The blocks' scales.
  public var scale: FP4Scale
  /// The elements of a block; the last of a row may have fewer.
  public var block: Int
  /// How scales are rounded.
  public var scaleRounding: FP4Scale.Rounding
  /// Whether all is divided by an f32 number first, so that the largest scale is the format's largest.
  public var hasTensorScale: Bool

  /// A format of blocks of 16 or 32.
  public init(
    scale: FP4Scale, block: Int, scaleRounding: FP4Scale.Rounding = .standard, hasTensorScale: Bool = false
  ) {
    self.scale = scale
    self.block = block
    self.scaleRounding = scaleRounding
    self.hasTensorScale = hasTensorScale
  }

  /// MXFP4: 32 elements and a power of two.
  public static let mxfp4 = FP4Format(scale: .e8m0, block: 32)
  /// NVFP4: 16 elements and an E4M3 scale, over an f32 scale of the tensor.
  public static let nvfp4 = FP4Format(scale: .e4m3, block: 16, hasTensorScale: true)

  /// Bits of an element, scales included: 4.5 for blocks of 16.
  public var bitsPerElement: Double { 4 + 8 / Double(block) }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    if block != 16 && block != 32 {
      throw .invalidOption(field: "block", value: "\(block)", expected: "16 or 32")
    }
    if hasTensorScale && scale == .e8m0 {
      throw .invalidOption(
        field: "tensorScale", value: "true", expected: "false with e8m0, whose powers of two reach everywhere")
    }
  }
}
