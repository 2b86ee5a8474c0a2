import NumericTypes
import Tensors
import Text

/// A batch of token rows as a language model takes it, proven to fit its vocabulary and length.
struct TokenRowsInput {
  /// The rows.
  let rows: Int
  /// The tokens of a row.
  let length: Int
  /// What is read, [rows × length], i32.
  let inputs: Tensor
  /// What is to be predicted, [rows × length], i32.
  let targets: Tensor
  /// For each position of a row that of the first token of its sequence, [rows, length], i32; nothing where every row is
  /// one sequence.
  let starts: Tensor?
  /// Each token's place in its sequence, [rows × length], i32.
  let positions: Tensor

  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  init(_ batch: TokenBatch, vocabulary: Int, length limit: Int, _ context: Context) throws(DataError) {
    (rows, length) = (batch.rows, batch.length)
    let count = batch.inputs.count
    guard rows > 0, length > 0, length <= limit, count == rows * length, batch.targets.count == count else {
      throw .mismatch(
        field: "tokens", found: "\(rows) rows of \(length)", expected: "at least one row of 1 to \(limit)")
    }
    (inputs, targets) = (context.empty([count], .i32), context.empty([count], .i32))
    let (input, target) = (inputs.pointer(as: Int32.self), targets.pointer(as: Int32.self))
    for index in 0..<count {
      let (token, wanted) = (batch.inputs[index], batch.targets[index])
      guard token >= 0, Int(token) < vocabulary else {
        throw .mismatch(field: "token \(index)", found: "\(token)", expected: "below \(vocabulary)")
      }
      guard wanted == TokenSequence.ignored || wanted >= 0 && Int(wanted) < vocabulary else {
        throw .mismatch(field: "target \(index)", found: "\(wanted)", expected: "below \(vocabulary)")
      }
      (input[index], target[index]) = (token, wanted)
    }
    let (places, firsts) = (context.empty([count], .i32), context.empty([rows, length], .i32))
    let (place, first) = (places.pointer(as: Int32.self), firsts.pointer(as: Int32.self))
    var next = 0
    var start = 0
    for index in 0..<count {
      if index.isMultiple(of: length) { start = index }
      while next < batch.sequenceStarts.count, batch.sequenceStarts[next] <= index {
        start = max(start, batch.sequenceStarts[next])
        next += 1
      }
      place[index] = Int32(index - start)
      first[index] = Int32(start % length)
    }
    positions = places
    let width = length
    starts = batch.sequenceStarts.contains { !$0.isMultiple(of: width) } ? firsts : nil
  }

  /// Where the tokens stand.
  var places: TokenPlaces { TokenPlaces(rows: rows, positions: positions, starts: starts) }

  private init(rows: Int, length: Int, inputs: Tensor, targets: Tensor, starts: Tensor?, positions: Tensor) {
    (self.rows, self.length, self.inputs, self.targets) = (rows, length, inputs, targets)
    (self.starts, self.positions) = (starts, positions)
  }

  /// The rows with `count` places before each, which no token stands at.
  ///
  /// - Precondition: every row is one sequence.
  func led(by count: Int, _ context: Context) -> TokenRowsInput {
    precondition(starts == nil, "a prompt before documents that are packed into one row")
    let places = context.empty([rows * (count + length)], .i32)
    let place = places.pointer(as: Int32.self)
    for index in 0..<places.count { place[index] = Int32(index % (count + length)) }
    return TokenRowsInput(
      rows: rows, length: count + length, inputs: inputs, targets: targets, starts: nil, positions: places)
  }
}
