import CVenturi
import Tensors

extension RotaryEmbedding {
  /// Turns the heads of every row of `tensors` ([rows, heads · headDim], contiguous) in place, where whole sequences of
  /// `lengths` rows lie one behind the other.
  ///
  /// - Precondition: the positions are reserved.
  public func rotate(_ tensors: [Tensor], lengths: [Int], _ context: Context) {
    let rows = tensors[0].shape[0]
    precondition(lengths.reduce(0, +) == rows && tensors.allSatisfy { $0.isContiguous && $0.shape[0] == rows })
    var positions: [Int32] = []
    positions.reserveCapacity(rows)
    for length in lengths { positions.append(contentsOf: 0..<Int32(length)) }
    let targets = tensors.map { ($0.pointer(as: Float.self), $0.shape[1]) }
    let (width, rotated) = (Int32(headDim), Int32(rotated))
    let turn = pairing == .neighbours ? vt_rope_row : vt_rope_row_halves
    let heads = targets.reduce(0) { $0 + $1.1 / headDim }
    let workers = context.workers
    context.perform(.rope, cost: self.cost(rows: rows, heads: heads)) { [positions] in
      workers.run((rows + 7) / 8) { [self] item, _ in
        for row in item * 8..<min(rows, item * 8 + 8) {
          let table = angles(Int(positions[row]))
          for (base, length) in targets { turn(base + row * length, Int32(length) / width, width, rotated, table) }
        }
      }
    }
  }
}
