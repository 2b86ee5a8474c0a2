import Costs

/// Iterations of a decoder as a cost model sees them, any cost model: it is asked at some sizes beforehand, and what
/// lies between is straight.
///
/// Products, norms and the like depend on the rows of the batch alone, whosever they are; attention depends on the
/// tokens that are read and on the pairs that are seen. Both are tabulated apart.
public struct RooflineIterations: IterationTimes {
  private let promptRows: PiecewiseLinear
  private let tokenRows: PiecewiseLinear
  private let pairs: PiecewiseLinear
  private let context: PiecewiseLinear
  /// Seconds of every iteration beside its operators.
  public let overhead: Double

  /// The iterations of `shape` on `device`.
  ///
  /// - Parameters:
  ///   - shape: the model.
  ///   - device: the device, or a group of them as one.
  ///   - model: predicts each operator.
  ///   - precision: the format of products.
  ///   - widths: bytes of each number.
  ///   - mostTokens: the largest batch, in rows; larger ones go on as the last two sizes do.
  ///   - overhead: seconds of every iteration beside its operators.
  ///   - exchange: seconds in which devices of a group exchange the results of so many rows.
  /// - Throws: ``PlannerError``.
  public init(
    _ shape: TransformerShape, on device: Device, _ model: some CostModel = RooflineCostModel.plain,
    precision: Precision = .bf16, widths: NumberWidths = .mixed, mostTokens: Int = 16384, overhead: Double = 0,
    exchange: (Double) -> Double = { _ in 0 }
  ) throws(PlannerError) {
    guard (2...1 << 20).contains(mostTokens) else {
      throw .invalid(field: "mostTokens", problem: "\(mostTokens) lies outside 2…2²⁰")
    }
    guard overhead >= 0, overhead < 3600 else {
      throw .invalid(field: "overhead", problem: "\(overhead) lies outside 0…3600 s")
    }
    self.overhead = overhead
    func estimate(_ load: Workload) throws(PlannerError) -> (attention: Double, others: Double) {
      let step = shape.forward(load, precision: precision, widths: widths, lastLogitsOnly: true)
      var seconds = (attention: 0.0, others: 0.0)
      for (op, estimate) in zip(step.operators, try model.estimate(step, on: device).operators) {
        if op.kind == .attention { seconds.attention += estimate.seconds } else { seconds.others += estimate.seconds }
      }
      return seconds
    }
    // Two sizes in each octave: between them no operator changes from one limit to the other by much.
    var sizes = [1, 2]
    while let last = sizes.last, last < mostTokens { sizes += [last + last / 2, 2 * last] }
    sizes = sizes.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    typealias Points = [(x: Double, y: Double)]
    var (prompts, tokens, seen, read): (Points, Points, Points, Points) = ([], [], [], [])
    for size in sizes {
      let rows = Double(size)
      let prompt = try estimate(try Workload(tokens: size))
      prompts.append((rows, prompt.others + exchange(rows)))
      seen.append((rows * (rows + 1) / 2, prompt.attention))
      tokens.append((rows, try estimate(try Workload(sequences: size, tokens: 1)).others + exchange(rows)))
      read.append((rows, try estimate(try Workload(tokens: 1, past: size)).attention))
    }
    promptRows = try PiecewiseLinear(prompts)
    tokenRows = try PiecewiseLinear(tokens)
    pairs = try PiecewiseLinear(seen)
    context = try PiecewiseLinear(read)
  }

  /// Seconds of the batch: its rows go through the products together.
  public func seconds(of batch: IterationBatch) -> Double {
    let rows = Double(batch.promptTokens + batch.sequences)
    var seconds = overhead + (batch.promptTokens > 0 ? promptRows(rows) : tokenRows(rows))
    if batch.promptTokens > 0 { seconds += max(pairs(batch.promptPairs), context(Double(batch.promptPast))) }
    if batch.sequences > 0 { seconds += context(Double(batch.contextTokens)) }
    return seconds
  }
}
