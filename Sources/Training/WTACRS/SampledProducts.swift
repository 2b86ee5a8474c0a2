import Formats
import NumericTypes
import Tensors

/// Winner-Take-All Column Row Sampling for Memory Efficient Adaptation of Language Model, 2023, arXiv 2305.15265: a layer's
/// product is exact, and of its input only k rows are kept, from which the weight's gradient is estimated without bias.
///
/// The gradients of inputs and biases are exact, so no error goes from layer to layer. Which rows are kept depends on the
/// pass' seed and batch, the layer's name and the gradients' norms of the last time, not on threads. A layer that runs
/// twice in a pass draws the same numbers both times.
public final class SampledProducts: ProductRule {
  /// What is kept.
  public let options: WTACRSOptions
  private let context: Context
  /// The place of each sampled weight among them, by its place among the model's.
  private let layers: [Int: Int]
  private let names: [String]
  private let streams: [UInt64]
  private let norms: GradientNorms?
  private var places: [Int?] = []
  private var learningRows: [Bool]?
  private weak var last: KeptRows?
  private var step: SampledLayerFigures.Sums
  private var run: SampledLayerFigures.Sums

  /// A rule for the layers over `parameters`.
  ///
  /// - Parameters:
  ///   - parameters: the model's.
  ///   - options: what is kept.
  ///   - samples: the samples that gradients' norms are remembered of.
  ///   - rowsPerSample: rows of a layer's input for each sample: the tokens of a row, 1 for an image.
  ///   - context: where tensors are made.
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ parameters: [Parameter], _ options: WTACRSOptions, samples: Int, rowsPerSample: Int, context: Context
  ) throws(DataError) {
    try options.validate()
    self.options = options
    self.context = context
    let chosen = parameters.enumerated().filter { $1.value.shape.rank == 2 && options.samples($1.name) }
    layers = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1.offset, $0) })
    names = chosen.map(\.element.name)
    streams = names.map { ModelBuilder.stream(of: "wta-crs/\($0)") }
    let width = options.cache == .rows ? rowsPerSample : 1
    // Beyond this the memory that is saved would go there.
    let numbers = Double(chosen.count) * Double(samples) * 1.25 * Double(width)
    if options.cache != .none, !(numbers <= 0x1p32) || samples < 0 || width < 1 {
      throw .invalidOption(
        field: "cache", value: "\(numbers) norms", expected: "at most 2³²; one for each sample takes fewer")
    }
    norms =
      options.cache == .none
      ? nil : GradientNorms(layers: chosen.count, samples: samples, width: width, context: context)
    step = SampledLayerFigures.Sums(names.count)
    run = SampledLayerFigures.Sums(names.count)
  }

  /// What is to be saved and restored with the model's buffers.
  public var buffers: [Parameter] { norms.map { [$0.keys, $0.norms] } ?? [] }

  /// Says which samples come next.
  public func begin(_ batch: some Any) {
    let keyed = batch as? any KeyedBatch
    places = keyed.flatMap { keyed in norms.map { $0.places(of: keyed.sampleKeys) } } ?? []
    learningRows = keyed?.learningRows
    last = nil
    run.add(step)
    step = SampledLayerFigures.Sums(names.count)
  }

  /// The exact product; its weight's gradient is estimated.
  public func product(_ x: Tensor, by weight: Weight, _ pass: Pass) -> Tensor? {
    let w = pass[weight]
    let count = options.kept(of: x.shape[0])
    // Where the weight is frozen nothing of x is kept anyway.
    guard pass.isTraining, w.isTracked, x.dtype == .f32, count < x.shape[0], let layer = layers[weight.index] else {
      return nil
    }
    let kept = rows(of: context.contiguous(x.detached()), count, layer, pass)
    let (norms, places) = (norms, places)
    return context.differentiable([x, w]) {
      context.matmul(x, w.transposed())
    } backward: { call in
      let (context, gradient) = (call.context, call.gradient)
      if let norms { Self.remember(context.rowSquares(gradient.detached()), kept, norms, places) }
      return [
        call.wants(0) ? context.matmul(gradient, w) : nil,
        call.wants(1) ? Self.weightGradient(gradient, kept, w.dtype, context) : nil,
      ]
    }
  }

  /// Σ over the kept rows of gᵢᵀ hᵢ, [outputs, inputs].
  private static func weightGradient(
    _ gradient: Tensor, _ kept: KeptRows, _ dtype: DType, _ context: Context
  ) -> Tensor {
    let rows = context.gather(gradient, kept.indices)
    return context.cast(context.matmul(rows.transposed(), kept.values), to: dtype)
  }

  private static func remember(_ squares: [Float], _ kept: KeptRows, _ norms: GradientNorms, _ places: [Int?]) {
    if kept.squares.isEmpty {
      kept.squares = squares
    } else {
      for row in squares.indices { kept.squares[row] += squares[row] }
    }
    norms.remember(kept.layer, at: places, squares: kept.squares)
  }

  // MARK: Choosing

  private func rows(of x: Tensor, _ count: Int, _ layer: Int, _ pass: Pass) -> KeptRows {
    let whole = x.count * 4
    if let last, last.areOf(x), last.sample.rows.count == count {
      step.add(layer, rows: x.shape[0], last.sample, bytes: 0, whole: 0)
      return last
    }
    var random = Random(seed: pass.batchSeed, stream: streams[layer])
    let sample = RowSample(
      weights(of: x, layer), keeping: count, estimator(count), leavesTail: options.leavesTail, random: &random)
    let kept = KeptRows(x, sample, layer: layer, options: options, context: context)
    step.add(layer, rows: x.shape[0], sample, bytes: kept.bytes, whole: whole)
    last = kept
    return kept
  }

  private func estimator(_ count: Int) -> RowEstimator {
    if case .certain(let certain) = options.estimator { return .certain(min(certain, count - 1)) }
    return options.estimator
  }

  /// ‖hᵢ‖ times what is known of ‖gᵢ‖; 0 for padding.
  private func weights(of x: Tensor, _ layer: Int) -> [Double] {
    let rows = x.shape[0]
    var weights = context.rowSquares(x).map { Double($0).squareRoot() }
    if let known = norms?.known(layer, at: places, rows: rows) {
      for row in weights.indices { weights[row] *= known[row] }
    }
    let mask = learningRows.flatMap { $0.count == rows ? $0 : nil }
    for row in weights.indices where !weights[row].isFinite || mask.map({ !$0[row] }) ?? false { weights[row] = 0 }
    let learning = mask.map { $0.count { $0 } } ?? rows
    let least = options.floor * weights.reduce(0, +) / Double(max(1, learning))
    for row in weights.indices where mask?[row] ?? true { weights[row] = max(weights[row], least) }
    return weights
  }

  // MARK: Figures

  /// What was kept, of the last step or of all so far, layer by layer in the latter case.
  public func figures(ofRun: Bool) -> SampledLayerFigures {
    var sums = step
    if ofRun { sums.add(run) }
    return SampledLayerFigures(names, sums)
  }
}
