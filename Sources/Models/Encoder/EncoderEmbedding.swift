import Costs
import Layers
import Tensors

/// Token ids to the first rows of the residual stream: the token's row, its position's where positions are learned, and a
/// norm.
struct EncoderEmbedding: Sendable {
  /// [vocabulary, width], f32.
  let tokens: Tensor
  /// [positions, width], f32.
  let positions: Tensor?
  let norm: any Normalization

  /// The rows of sequences, one behind the other: [rows, width].
  ///
  /// - Precondition: ids are below the vocabulary's size, and positions below theirs.
  func callAsFunction(_ sequences: [[Int32]], _ context: Context) -> Tensor {
    let width = tokens.shape[1]
    let ids = sequences.flatMap { $0 }
    let places = positions == nil ? [] : sequences.flatMap { 0..<Int32($0.count) }
    let x = context.empty([ids.count, width])
    let (table, target) = (UnsafePointer(tokens.pointer(as: Float.self)), x.pointer(as: Float.self))
    let added = (positions?.pointer(as: Float.self)).map { UnsafePointer($0) }
    let bytes = 4 * Double(x.count)
    let cost = OperatorCost(bytesRead: added == nil ? bytes : 2 * bytes, bytesWritten: bytes)
    context.perform(.embedding, cost: cost) {
      context.workers.run((ids.count + 15) / 16) { item, _ in
        for row in item * 16..<min(ids.count, item * 16 + 16) {
          let (from, to) = (table + Int(ids[row]) * width, target + row * width)
          guard let added else {
            to.update(from: from, count: width)
            continue
          }
          let position = added + Int(places[row]) * width
          for i in 0..<width { to[i] = from[i] + position[i] }
        }
      }
    }
    return norm(x, context)
  }
}
