import Costs
import NumericTypes
import Tensors

/// A matrix in 4-bit NormalFloat with double quantisation (Dettmers et al.: QLoRA: Efficient finetuning of quantized LLMs,
/// 2023): 4.127 bits for a weight.
///
/// Each block of 64 neighbours along the rows, one row behind the other, is divided by its largest magnitude and rounded to
/// the nearest of 16 quantiles of the normal distribution. The largest magnitudes less their mean are kept in 8 bits, -127 to
/// 127, a scale for each 256 of them.
public struct NF4Matrix: Sendable {
  /// The 16 numbers that a code stands for: quantiles of N(0, 1), zero among them, divided by the largest.
  public static let table: [Float] = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
  ]
  /// The weights of a block.
  static let block = 64
  /// The blocks whose scales have one scale.
  static let group = 256

  /// The rows.
  public let rows: Int
  /// The length of a row.
  public let columns: Int
  /// Two codes to a byte, the first in the low half.
  public let codes: [UInt8]
  /// The largest magnitude of each block, as it is kept.
  public let scales: [Int8]
  /// The scale of each group of those.
  public let groupScales: [Float]
  /// The mean of the largest magnitudes.
  public let mean: Float

  /// The matrix nearest to one of f32 or bf16.
  ///
  /// - Precondition: two axes.
  public init(_ weight: Tensor, _ context: Context) {
    precondition(weight.shape.rank == 2, "a matrix of \(weight.shape) in 4 bits")
    (rows, columns) = (weight.shape[0], weight.shape[1])
    let plain = context.contiguous(context.cast(weight, to: .f32))
    let count = plain.count
    let blocks = (count + Self.block - 1) / Self.block
    var largest = [Float](repeating: 0, count: blocks)
    var codes = [UInt8](repeating: 0, count: (count + 1) / 2)
    var (scales, groupScales, mean): ([Int8], [Float], Float) = ([], [], 0)
    withExtendedLifetime(plain) {
      let values = UnsafeBufferPointer(start: plain.pointer(as: Float.self), count: count)
      for block in 0..<blocks {
        let part = values[block * Self.block..<min(count, (block + 1) * Self.block)]
        largest[block] = part.reduce(0) { max($0, abs($1)) }
      }
      (scales, groupScales, mean) = Self.packed(largest)
      for block in 0..<blocks {
        // Codes are of the scale that will be read, not of the exact one.
        let scale = Self.scale(block, scales, groupScales, mean)
        for index in block * Self.block..<min(count, (block + 1) * Self.block) {
          let code = scale > 0 ? Self.code(values[index] / scale) : 7
          codes[index / 2] |= code << (index & 1 == 0 ? 0 : 4)
        }
      }
    }
    (self.codes, self.scales, self.groupScales, self.mean) = (codes, scales, groupScales, mean)
  }

  /// The largest magnitudes in 8 bits.
  private static func packed(_ largest: [Float]) -> (scales: [Int8], groupScales: [Float], mean: Float) {
    let mean = Float(largest.reduce(0.0) { $0 + Double($1) } / Double(max(1, largest.count)))
    var groupScales: [Float] = []
    var scales: [Int8] = []
    scales.reserveCapacity(largest.count)
    for start in stride(from: 0, to: largest.count, by: group) {
      let part = largest[start..<min(largest.count, start + group)]
      let scale = part.reduce(0) { max($0, abs($1 - mean)) } / 127
      groupScales.append(scale)
      for value in part {
        let code = scale > 0 ? ((value - mean) / scale).rounded(.toNearestOrEven) : 0
        scales.append(Int8(max(-127, min(127, code))))
      }
    }
    return (scales, groupScales, mean)
  }

  private static func scale(_ block: Int, _ scales: [Int8], _ groupScales: [Float], _ mean: Float) -> Float {
    Float(scales[block]) * groupScales[block / group] + mean
  }

  /// The code of the nearest number of the table, the smaller of two equally near.
  static func code(_ value: Float) -> UInt8 {
    // Where one number of the table becomes nearer than the one below.
    var (low, high) = (0, 15)
    while low < high {
      let middle = (low + high) / 2
      if value > (table[middle] + table[middle + 1]) / 2 { low = middle + 1 } else { high = middle }
    }
    return UInt8(low)
  }

  /// The bytes that the matrix takes.
  public var byteCount: Int { codes.count + scales.count + 4 * groupScales.count + 4 }
  /// The bits of a weight.
  public var bitsPerWeight: Double { 8 * Double(byteCount) / Double(max(1, rows * columns)) }

  /// The weights, f32 [rows, columns].
  public func values(_ context: Context) -> Tensor {
    let result = context.empty([rows, columns])
    let count = rows * columns
    let target = result.pointer(as: Float.self)
    let blocks = scales.count
    let cost = OperationCost(flops: Double(count), bytesRead: Double(byteCount), bytesWritten: 4 * Double(count))
    context.performRanges(blocks, grain: 256, .copy, cost) { range in
      Self.table.withUnsafeBufferPointer { table in
        codes.withUnsafeBufferPointer { codes in
          for block in range {
            let scale = Self.scale(block, scales, groupScales, mean)
            let end = min(count, (block + 1) * Self.block)
            var index = block * Self.block
            while index + 1 < end {
              let pair = codes[index / 2]
              target[index] = table[Int(pair & 15)] * scale
              target[index + 1] = table[Int(pair >> 4)] * scale
              index += 2
            }
            if index < end { target[index] = table[Int(codes[index / 2] & 15)] * scale }
          }
        }
      }
    }
    return result
  }

  /// x Wᵀ, rows x [N, columns] → [N, rows]. The weights are made when they are needed, there and on the way back, and kept by
  /// nobody: dX = dY W.
  public func product(_ x: Tensor, _ context: Context) -> Tensor {
    guard x.isTracked else { return context.matmul(x, values(context).transposed()) }
    return context.differentiable([x]) {
      context.matmul(x.detached(), values(context).transposed())
    } backward: { call in
      [call.context.matmul(call.gradient, values(call.context))]
    }
  }
}
