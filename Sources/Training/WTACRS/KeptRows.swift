import Tensors

/// The rows of a layer's input that are kept for its weight's gradient, and their numbers; several layers over one input have
/// them together.
final class KeptRows {
  /// Which rows, and their factors.
  let sample: RowSample
  /// k, i32.
  let indices: Tensor
  /// [k, inputs], times their factors.
  let values: Tensor
  /// The layer by whose gradients they are chosen, by its place among those that are sampled.
  let layer: Int
  /// Σ over the layers that have them of the squared norms of gradients that have come back.
  var squares: [Float] = []
  private weak var source: Storage?
  private let view: (offset: Int, rows: Int, inputs: Int)

  /// Keeps rows of x [N, inputs], which lies without gaps.
  init(_ x: Tensor, _ sample: RowSample, layer: Int, options: WTACRSOptions, context: Context) {
    self.sample = sample
    self.layer = layer
    source = x.storage
    view = (x.byteOffset, x.shape[0], x.shape[1])
    indices = context.empty([sample.rows.count], .i32)
    indices.pointer(as: Int32.self).update(from: sample.rows, count: sample.rows.count)
    values = context.cast(context.rows(of: x, sample), to: options.storage)
  }

  /// Whether they are of this input. It need not be there any more: nothing here holds it.
  func areOf(_ x: Tensor) -> Bool {
    source === x.storage && view == (x.byteOffset, x.shape[0], x.shape[1])
  }

  /// What is kept: rows and numbers.
  var bytes: Int { values.count * values.dtype.blockBytes + indices.count * indices.dtype.blockBytes }
}

extension Context {
  /// Rows of x [N, D] by their numbers, times their factors, [k, D].
  func rows(of x: Tensor, _ sample: RowSample) -> Tensor {
    let (count, width) = (sample.rows.count, x.shape[1])
    let y = empty([count, width])
    let (from, to) = (x.pointer(as: Float.self), y.pointer(as: Float.self))
    performRanges(
      count * width == 0 ? 0 : count, grain: max(1, 16384 / max(1, width)), .gather,
      Self.copyCost(y.shape, .f32, .f32)
    ) { items in
      for item in items {
        let (source, target) = (from + Int(sample.rows[item]) * width, to + item * width)
        let factor = sample.factors[item]
        for column in 0..<width { target[column] = source[column] * factor }
      }
    }
    return y
  }

  /// Σ x² over each row of [N, D].
  func rowSquares(_ x: Tensor) -> [Float] {
    let source = contiguous(x)
    let (rows, width) = (x.shape[0], x.shape[1])
    let y = empty([max(1, rows)])
    let (from, to) = (source.pointer(as: Float.self), y.pointer(as: Float.self))
    return withExtendedLifetime((source, y)) {
      let grain = max(1, 16384 / max(1, width))
      performRanges(rows, grain: grain, .reduction, Self.copyCost(x.shape, .f32, .f32)) { range in
        for row in range {
          let values = from + row * width
          var lanes = SIMD8<Float>.zero
          var column = 0
          while column + 8 <= width {
            let part = UnsafeRawPointer(values + column).loadUnaligned(as: SIMD8<Float>.self)
            lanes += part * part
            column += 8
          }
          var sum = lanes.sum()
          while column < width {
            sum += values[column] * values[column]
            column += 1
          }
          to[row] = sum
        }
      }
      return Array(UnsafeBufferPointer(start: to, count: rows))
    }
  }
}
