import CVenturi
import Costs
import NumericTypes
import Tensors

/// Brings matrices to four bits and back: ``FP4Format`` with a way of rounding elements.
///
/// ```swift
/// let quantizer = FP4Quantizer(.nvfp4)
/// let rounded = quantizer.rounded(x, context)   // f32 numbers that four bits can hold
/// let packed = quantizer.packed(x, context)     // two codes to a byte
/// ```
/// A block with an element that is not finite has the scale NaN: all of it becomes NaN, and the others are as they were. A
/// block of zeros has the smallest scale.
public struct FP4Quantizer: Sendable, Hashable {
  /// How elements are rounded.
  public enum Rounding: String, Sendable, Hashable, CaseIterable {
    /// To the nearest, ties to even.
    case nearest
    /// To one of the neighbours by chance, each element by its own: the mean is the element.
    case stochastic
  }

  /// Where chance comes from: an element's number depends on the seed, the stream and its place alone.
  public struct Chance: Sendable, Hashable {
    /// The seed.
    public var seed: UInt64
    /// The stream.
    public var stream: UInt64

    /// Numbers of a seed and a stream.
    public init(seed: UInt64, stream: UInt64) {
      self.seed = seed
      self.stream = stream
    }
  }

  /// How a matrix is held.
  public var format: FP4Format
  /// How elements are rounded.
  public var rounding: Rounding

  /// A quantizer.
  public init(_ format: FP4Format, rounding: Rounding = .nearest) {
    self.format = format
    self.rounding = rounding
  }

  /// The numbers of x [R, C] as four bits hold them, f32.
  ///
  /// - Parameters:
  ///   - x: f32, blocks along its last axis.
  ///   - context: where to compute.
  ///   - chance: for stochastic rounding of elements or scales.
  public func rounded(_ x: Tensor, _ context: Context, chance: Chance = Chance(seed: 0, stream: 0)) -> Tensor {
    parts(of: x, context, chance, keepingScales: false).values
  }

  /// The same, and each block's scale times the tensor's, [R, blocks].
  func roundedWithScales(_ x: Tensor, _ context: Context, chance: Chance) -> (values: Tensor, scales: Tensor) {
    let (values, scales, _) = parts(of: x, context, chance, keepingScales: true)
    return (values, scales ?? values)
  }

  /// x [R, C] in codes.
  public func packed(_ x: Tensor, _ context: Context, chance: Chance = Chance(seed: 0, stream: 0)) -> FP4Matrix {
    let source = context.contiguous(x.detached())
    let (rows, columns) = (x.shape[0], x.shape[1])
    let tensorScale = tensorScale(source, context)
    var matrix = FP4Matrix(rows: rows, columns: columns, format: format, tensorScale: tensorScale)
    let (blocks, width) = (FP4Matrix.blocks(columns, format), FP4Matrix.rowBytes(columns))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: format.block) { out in
      withExtendedLifetime(source) {
        let from = source.pointer(as: Float.self)
        for row in 0..<rows {
          for block in 0..<blocks {
            let start = block * format.block
            let count = min(format.block, columns - start)
            let place = row * columns + start
            let code = self.block(
              from + place, count, tensorScale, chance, place: place, block: row * blocks + block,
              out.baseAddress.unsafelyUnwrapped, isCode: true)
            matrix.scales[row * blocks + block] = code
            for index in 0..<count {
              let payload = FP4Payload.encode(out[index])
              let column = start + index
              matrix.codes[row * width + column / 2] |= column & 1 == 0 ? payload : payload << 4
            }
          }
        }
      }
    }
    return matrix
  }

  /// The number that all of a finite tensor is divided by.
  private func tensorScale(_ x: Tensor, _ context: Context) -> Float {
    guard format.hasTensorScale else { return 1 }
    let largest = Self.largest(x, context)
    // A tensor of zeros, or nearly, is divided by nothing.
    return max(largest / (FP4Payload.max * format.scale.max), .leastNormalMagnitude)
  }

  /// The largest finite size of an element.
  private static func largest(_ x: Tensor, _ context: Context) -> Float {
    let (count, run) = (x.count, 4096)
    let parts = context.empty([max(1, (count + run - 1) / run)])
    let (from, to) = (x.pointer(as: Float.self), parts.pointer(as: Float.self))
    return withExtendedLifetime((x, parts)) {
      context.performRanges((count + run - 1) / run, grain: 4, .reduction, Context.copyCost(x.shape, .f32, .f32)) {
        range in
        for part in range {
          var largest: Float = 0
          for index in part * run..<min(count, (part + 1) * run) {
            let size = from[index].magnitude
            if size > largest, size < .infinity { largest = size }
          }
          to[part] = largest
        }
      }
      return UnsafeBufferPointer(start: to, count: count == 0 ? 0 : parts.count).max() ?? 0
    }
  }

  private func parts(
    of x: Tensor, _ context: Context, _ chance: Chance, keepingScales: Bool
  ) -> (values: Tensor, scales: Tensor?, tensorScale: Float) {
    precondition(x.shape.rank == 2 && x.dtype == .f32, "four bits of \(x.dtype.displayName) \(x.shape)")
    let source = context.contiguous(x.detached())
    let (rows, columns) = (x.shape[0], x.shape[1])
    let blocks = FP4Matrix.blocks(columns, format)
    let tensorScale = tensorScale(source, context)
    let y = context.empty(x.shape)
    let scales = keepingScales ? context.empty([rows, blocks]) : nil
    let (from, to, kept) = (
      source.pointer(as: Float.self), y.pointer(as: Float.self), scales?.pointer(as: Float.self)
    )
    let cost = OperationCost(
      flops: 6 * Double(x.count), bytesRead: 4 * Double(x.count), bytesWritten: 4 * Double(x.count))
    withExtendedLifetime((source, scales)) {
      context.performRanges(x.count == 0 ? 0 : rows, grain: max(1, 4096 / max(1, columns)), .quantize, cost) {
        [self] range in
        for row in range {
          for block in 0..<blocks {
            let start = block * format.block
            let place = row * columns + start
            let code = self.block(
              from + place, min(format.block, columns - start), tensorScale, chance, place: place,
              block: row * blocks + block, to + place, isCode: false)
            if let kept { kept[row * blocks + block] = format.scale.decode(code) * tensorScale }
          }
        }
      }
    }
    return (y, scales, tensorScale)
  }

  /// Rounds a block and gives its scale's code.
  ///
  /// - Parameters:
  ///   - place: the first element's place in the matrix, for chance.
  ///   - block: the block's place among all, for chance.
  ///   - isCode: whether `to` gets what codes stand for, else that times the scales.
  @inline(__always)
  private func block(
    _ from: UnsafePointer<Float>, _ count: Int, _ tensorScale: Float, _ chance: Chance, place: Int, block: Int,
    _ to: UnsafeMutablePointer<Float>, isCode: Bool
  ) -> UInt8 {
    var largest: Float = 0
    var bad = false
    for index in 0..<count {
      let size = from[index].magnitude
      if size > largest { largest = size }
      bad = bad || !(size < .infinity)
    }
    let wanted = bad ? .nan : largest / (FP4Payload.max * tensorScale)
    var one: Float = 0
    if format.scaleRounding == .stochastic {
      // Scales have a stream of their own.
      one = Self.chance(block, chance.seed ^ 0x5CA1_E5CA_1E5C_A1E5, chance.stream)
    }
    let code = format.scale.encode(wanted, largest: largest, format.scaleRounding, chance: one)
    let scale = format.scale.decode(code)
    let whole = scale * tensorScale
    if bad || largest == 0 {
      for index in 0..<count { to[index] = bad ? .nan : 0 }
      return code
    }
    let factor: Float = isCode ? 1 : whole
    if rounding == .nearest {
      for index in 0..<count { to[index] = FP4Payload.round(from[index] / whole) * factor }
    } else {
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 40) { words in
        let base = words.baseAddress.unsafelyUnwrapped
        let first = place / 4
        let used = place % 4 + count
        vt_philox(
          UInt64(first), Int64((used + 3) / 4), chance.stream, UInt32(truncatingIfNeeded: chance.seed),
          UInt32(truncatingIfNeeded: chance.seed >> 32), base)
        for index in 0..<count {
          // 20 bits: what is added to a number of steps below 4 is then added exactly.
          let even = Float(base[place % 4 + index] >> 12) * 0x1p-20
          to[index] = FP4Payload.round(from[index] / whole, chance: even) * factor
        }
      }
    }
    return code
  }

  private static func chance(_ place: Int, _ seed: UInt64, _ stream: UInt64) -> Float {
    var random = Random(seed: seed, stream: stream)
    random.position = UInt64(place)
    return Float(random.next() >> 40) * 0x1p-24
  }
}
