import NumericTypes
import Tensors

/// The weights of some linear layers whose squared gradients over some batches, the empirical Fisher information, are the
/// largest in the mean.
package struct FisherMask: Sendable {
  /// Places in a layer's weight, row by row.
  struct Places: Sendable, Equatable {
    var rows: [Int32] = []
    var columns: [Int32] = []
  }

  /// One for each target.
  let places: [Places]

  /// The `count` largest of all targets together, of equals the first.
  ///
  /// - Parameters:
  ///   - model: the model as it is before training.
  ///   - targets: its layers that may change.
  ///   - count: how many weights may change.
  ///   - examples: the batches, each of which counts alike.
  ///   - context: where to compute.
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)`` for no examples, and those that do not fit the model;
  ///   ``TrainingError/notFinite(step:what:value:)``.
  init(
    of model: GPT, _ targets: [LinearTarget], count: Int, _ examples: [TokenBatch], _ context: Context
  ) throws(TrainingError) {
    if examples.isEmpty {
      throw .invalidOption(field: "peft.examples", value: "0", expected: "batches to find the weights with")
    }
    // Queries, keys and values are rows of one weight.
    var weights: [Int] = []
    for target in targets where !weights.contains(target.layer.weight.index) {
      weights.append(target.layer.weight.index)
    }
    let pass = Pass(
      .evaluation, weights: model.parameters.map(\.value), buffers: model.buffers.map(\.value), context: context)
    var sums: [Tensor] = []
    for (index, example) in examples.enumerated() {
      let gradients: [Tensor]
      do { gradients = try model.differentiated(example, tracking: weights, pass).gradients } catch {
        throw .invalidOption(field: "peft.examples", value: "\(error)", expected: "batches that fit the model")
      }
      let squares = gradients.map { context.square(context.cast($0, to: .f32)) }
      sums = index == 0 ? squares : zip(sums, squares).map { context.add($0, $1) }
    }
    sums = sums.map { context.contiguous($0) }
    let total = sums.reduce(0.0) { $0 + context.scalar(context.sum($1)) }
    guard total.isFinite else { throw .notFinite(step: 0, what: "Fisher information", value: "\(total)") }
    func numbers(_ target: LinearTarget) -> UnsafeBufferPointer<Float> {
      let place = weights.firstIndex(of: target.layer.weight.index) ?? 0
      let start = sums[place].pointer(as: Float.self) + target.rows.lowerBound * target.inputs
      return UnsafeBufferPointer(start: start, count: target.rows.count * target.inputs)
    }
    places = withExtendedLifetime(sums) {
      let all = targets.map(numbers)
      var (least, equals) = Self.least(count, of: all)
      return zip(targets, all).map { target, numbers in
        var places = Places()
        for (index, number) in numbers.enumerated() where number.bitPattern >= least {
          if number.bitPattern == least {
            if equals == 0 { continue }
            equals -= 1
          }
          places.rows.append(Int32(index / target.inputs))
          places.columns.append(Int32(index % target.inputs))
        }
        return places
      }
    }
  }

  /// The bits of the smallest of the `count` largest numbers, none of which is negative, and how many that are equal to it
  /// are among them. Numbers of a sign are in the order of their bits, whose halves are counted one after the other.
  package static func least(_ count: Int, of parts: [UnsafeBufferPointer<Float>]) -> (bits: UInt32, equals: Int) {
    func find(_ rest: Int, _ place: (UInt32) -> Int?) -> (bin: Int, rest: Int) {
      var bins = [Int](repeating: 0, count: 1 << 16)
      for part in parts { for number in part { if let bin = place(number.bitPattern) { bins[bin] += 1 } } }
      var (bin, rest) = ((1 << 16) - 1, rest)
      while bin > 0, bins[bin] < rest {
        rest -= bins[bin]
        bin -= 1
      }
      return (bin, min(rest, bins[bin]))
    }
    let high = find(count) { Int($0 >> 16) }
    let low = find(high.rest) { Int($0 >> 16) == high.bin ? Int($0 & 0xFFFF) : nil }
    return (UInt32(high.bin) << 16 | UInt32(low.bin), low.rest)
  }
}
