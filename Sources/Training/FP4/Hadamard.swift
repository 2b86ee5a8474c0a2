import Costs
import NumericTypes
import Tensors

/// Rows turned by H diag(±1) / √b in blocks of b: what stands out is spread over its block, and products of two operands
/// that are turned alike along the axis they are summed over stay as they were.
///
/// Where b does not divide a row, the rest is turned in smaller blocks, each a power of two.
public struct Hadamard: Sendable, Hashable {
  /// b, a power of two.
  public let block: Int
  /// Where the signs come from.
  public var chance: FP4Quantizer.Chance

  /// Turns in blocks of `block`.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)`` where that is no power of two from 2 to 4096.
  public init(block: Int, chance: FP4Quantizer.Chance) throws(DataError) {
    guard (2...4096).contains(block), block & (block - 1) == 0 else {
      throw .invalidOption(field: "hadamard.block", value: "\(block)", expected: "a power of two from 2 to 4096")
    }
    self.block = block
    self.chance = chance
  }

  /// The rows of x [R, C], f32, turned.
  public func turned(_ x: Tensor, _ context: Context) -> Tensor { run(x, context, isBack: false) }

  /// The rows as they were before ``turned(_:_:)``.
  public func turnedBack(_ x: Tensor, _ context: Context) -> Tensor { run(x, context, isBack: true) }

  private func run(_ x: Tensor, _ context: Context, isBack: Bool) -> Tensor {
    precondition(x.shape.rank == 2 && x.dtype == .f32, "rows of \(x.dtype.displayName) \(x.shape) are not turned")
    let source = context.contiguous(x.detached())
    let (rows, columns) = (x.shape[0], x.shape[1])
    let y = context.empty(x.shape)
    let signs = signs(columns)
    let (from, to) = (source.pointer(as: Float.self), y.pointer(as: Float.self))
    let adds = Double(block.trailingZeroBitCount + 2) * Double(x.count)
    let cost = OperationCost(flops: adds, bytesRead: 4 * Double(x.count), bytesWritten: 4 * Double(x.count))
    withExtendedLifetime(source) {
      context.performRanges(x.count == 0 ? 0 : rows, grain: max(1, 4096 / max(1, columns)), .elementwise, cost) {
        [block] range in
        for row in range {
          let (x, y) = (from + row * columns, to + row * columns)
          for column in 0..<columns { y[column] = isBack ? x[column] : x[column] * signs[column] }
          var start = 0
          while start < columns {
            let rest = columns - start
            let size = rest >= block ? block : 1 << (Int.bitWidth - 1 - rest.leadingZeroBitCount)
            Self.transform(y + start, size)
            start += size
          }
          if isBack { for column in 0..<columns { y[column] *= signs[column] } }
        }
      }
    }
    return y
  }

  /// H x / √n, n a power of two.
  private static func transform(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    var half = 1
    while half < count {
      var start = 0
      while start < count {
        for index in start..<start + half {
          let (a, b) = (x[index], x[index + half])
          x[index] = a + b
          x[index + half] = a - b
        }
        start += 2 * half
      }
      half *= 2
    }
    let scale = 1 / Float(count).squareRoot()
    for index in 0..<count { x[index] *= scale }
  }

  /// ±1 for each column.
  private func signs(_ count: Int) -> [Float] {
    var random = Random(seed: chance.seed, stream: chance.stream)
    var word: UInt64 = 0
    return (0..<count).map { column in
      if column & 63 == 0 { word = random.next() }
      defer { word >>= 1 }
      return word & 1 == 0 ? 1 : -1
    }
  }
}
