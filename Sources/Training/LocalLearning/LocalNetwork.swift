import NumericTypes
import Tensors

/// A stack of linear and convolutional layers that learns by backpropagation or by one of the rules without it.
///
/// A rule cuts the stack into stages. Each stage has a loss and a tape of its own: no gradient crosses from one to the next,
/// and what a stage keeps for its gradient is free before the next one runs. Backpropagation is one stage of all layers.
public struct LocalNetwork: TrainableModel {
  /// The layers and the rule.
  public let configuration: LocalNetworkConfiguration
  /// All weights.
  public let parameters: [Parameter]
  /// The running statistics of Cascaded Forward's blocks.
  public let buffers: [Parameter]
  /// The places among ``parameters`` of the weights that each stage trains.
  public let stages: [[Int]]
  let blocks: [LocalBlock]
  /// The readout of backpropagation, the projections M of Mono-Forward, the predictors W of Cascaded Forward: [K, n].
  let heads: [Weight]
  private let readoutBias: Weight?

  /// A network with fresh weights: `blocks.0.weight`, `blocks.0.bias` … and `heads.0` …
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(_ configuration: LocalNetworkConfiguration, seed: UInt64, context: Context) throws(DataError) {
    let shapes = try configuration.outputs()
    self.configuration = configuration
    let rule = configuration.rule
    var builder = ModelBuilder(context: context, seed: seed)
    var (blocks, heads, stages): ([LocalBlock], [Weight], [[Int]]) = ([], [], [])
    var readoutBias: Weight?
    for (index, block) in configuration.blocks.enumerated() {
      let first = builder.parameters.count
      let input = index == 0 ? configuration.input : shapes[index - 1]
      let made = builder.within("blocks.\(index)") {
        LocalBlock(
          &$0, block, from: input, to: shapes[index], configuration.activation,
          momentum: rule == .cascadedForward ? configuration.momentum : nil)
      }
      blocks.append(made)
      let trained = builder.parameters.count
      let isLast = index == configuration.blocks.count - 1
      switch rule {
      case .monoForward:
        heads.append(builder.weight("heads.\(index)", [configuration.classes, made.projectedWidth], .fanIn))
      case .cascadedForward:
        heads.append(builder.weight("heads.\(index)", [configuration.classes, made.output.reduce(1, *)], .constant(0)))
      case .backpropagation where isLast:
        heads.append(builder.weight("heads.0", [configuration.classes, made.output.reduce(1, *)], .fanIn))
        readoutBias = builder.weight("heads.0.bias", [configuration.classes], .constant(0))
      case .backpropagation, .forwardForward: break
      }
      stages.append(Array((rule == .cascadedForward ? trained : first)..<builder.parameters.count))
    }
    self.blocks = blocks
    self.heads = heads
    self.readoutBias = readoutBias
    self.stages = rule == .backpropagation ? [stages.flatMap { $0 }] : stages
    (parameters, buffers) = (builder.parameters, builder.buffers)
  }

  /// The weights that the rule trains: all but Cascaded Forward's layers.
  public var trained: [Parameter] { stages.flatMap { $0.map { parameters[$0] } } }

  // MARK: Stages

  /// What comes into the first stage: images, and for Forward-Forward with the right label in one half of the rows and a wrong
  /// one in the other.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for images of another shape, or a label that is no class.
  func firstInput(_ batch: ImageBatch, _ pass: Pass) throws(DataError) -> Tensor {
    let images = try checked(batch.images, pass.context)
    for (index, label) in batch.labels.enumerated() where !(0..<configuration.classes).contains(label) {
      throw .mismatch(field: "label \(index)", found: "\(label)", expected: "below \(configuration.classes)")
    }
    guard configuration.rule == .forwardForward else { return images }
    let wrong = wrongLabels(batch.labels, pass)
    return pass.context.concatenate([labelled(images, batch.labels, pass), labelled(images, wrong, pass)])
  }

  /// A stage's loss and what goes into the next.
  ///
  /// - Parameters:
  ///   - stage: its number.
  ///   - input: the output of the one before, or ``firstInput(_:_:)``.
  ///   - labels: the classes of the batch.
  ///   - pass: the weights, those of this stage perhaps tracked.
  /// - Throws: ``DataError``.
  package func stage(
    _ stage: Int, _ input: Tensor, _ labels: [Int], _ pass: Pass
  ) throws(DataError) -> (loss: Tensor, output: Tensor) {
    let context = pass.context
    func crossEntropy(_ scores: Tensor) throws(DataError) -> Tensor {
      context.crossEntropy(
        scores, try Classification.targets(labels, classes: configuration.classes, context))
    }
    switch configuration.rule {
    case .backpropagation:
      let scores = backpropagated(input, pass)
      return (try crossEntropy(scores), scores)
    case .monoForward:
      let output = blocks[stage](input, pass)
      let scores = context.matmul(blocks[stage].projected(output, context), pass[heads[stage]].transposed())
      return (try crossEntropy(scores), output)
    case .cascadedForward:
      let output = blocks[stage](input, pass).detached()
      let scores = context.matmul(LocalBlock.rows(output, context), pass[heads[stage]].transposed())
      return (try crossEntropy(scores), output)
    case .forwardForward:
      let output = blocks[stage](input, pass)
      let goodness = goodness(output, context)
      // softplus(-x) and softplus(x) are the cross-entropies of the pair (x, 0) with its first and its second class.
      let count = labels.count
      let above = context.subtract(goodness, configuration.threshold).reshaped([2 * count, 1])
      let pair = context.concatenate([above, context.zeros([2 * count, 1])], axis: 1)
      let targets = try Classification.targets(
        [Int](repeating: 0, count: count) + [Int](repeating: 1, count: count), classes: 2, context)
      let loss = context.multiply(context.crossEntropy(pair, targets), 2)
      return (loss, Self.normalized(LocalBlock.rows(output.detached(), context), context).reshaped(output.shape))
    }
  }

  /// The goodness of each row, [B].
  private func goodness(_ output: Tensor, _ context: Context) -> Tensor {
    let squares = context.square(LocalBlock.rows(output, context))
    return configuration.goodness == .mean ? context.mean(squares, axis: 1) : context.sum(squares, axis: 1)
  }

  /// Rows [B, n] by their lengths: a / (‖a‖ + 1e-4), so that the next layer does not see how good this one found them.
  public static func normalized(_ rows: Tensor, _ context: Context) -> Tensor {
    let length = context.sqrt(context.sum(context.square(rows), axis: 1, keepingAxis: true))
    return context.divide(rows, context.add(length, 1e-4))
  }

  private func backpropagated(_ input: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let features = LocalBlock.rows(blocks.reduce(input) { $1($0, pass) }, context)
    let scores = context.matmul(features, pass[heads[0]].transposed())
    return readoutBias.map { context.add(scores, pass[$0]) } ?? scores
  }

  // MARK: Training

  /// The sum of all stages' losses, with their inputs as constants: its gradients are those of every stage alone.
  ///
  /// - Throws: ``DataError``.
  public func loss(of batch: ImageBatch, _ pass: Pass) throws -> Tensor {
    var input = try firstInput(batch, pass)
    var sum: Tensor?
    for index in stages.indices {
      let (loss, output) = try stage(index, input.detached(), batch.labels, pass)
      sum = sum.map { pass.context.add($0, loss) } ?? loss
      input = output
    }
    return sum ?? pass.context.zeros([])
  }

  /// The sum of the losses, and gradients stage by stage, each with a tape of its own.
  ///
  /// - Throws: ``DataError``.
  public func differentiated(
    _ batch: ImageBatch, tracking places: [Int], _ pass: Pass
  ) throws -> (loss: Tensor, gradients: [Tensor]) {
    var found: [Int: Tensor] = [:]
    let wanted = Set(places)
    var sum: Tensor?
    try forEachStage(batch, pass, tracking: wanted) { _, places, loss, gradients in
      sum = sum.map { pass.context.add($0, loss) } ?? loss
      for (place, gradient) in zip(places, gradients) { found[place] = gradient }
    }
    let gradients = places.map { place in found[place] ?? pass.context.zeros(parameters[place].value.shape) }
    return (sum ?? pass.context.zeros([]), gradients)
  }

  /// Runs the stages one after the other and gives `body` each one's loss and gradients before the next one runs.
  ///
  /// - Returns: the most bytes that were there when a stage's forward half was through, beyond those before the first.
  /// - Throws: ``DataError``; what `body` throws.
  @discardableResult
  func forEachStage(
    _ batch: ImageBatch, _ pass: Pass, tracking wanted: Set<Int>,
    _ body: (_ stage: Int, _ places: [Int], _ loss: Tensor, _ gradients: [Tensor]) throws -> Void
  ) throws -> Int {
    let allocator = pass.context.allocator
    let before = allocator.liveBytes
    var held = 0
    var input = try firstInput(batch, pass)
    for index in stages.indices {
      let places = stages[index].filter(wanted.contains)
      let (loss, gradients, output) = try pass.context.valueAndGradient(of: places.map { pass.weight(at: $0) }) {
        tracked in
        let inner = pass.replacing(places, by: tracked)
        let (loss, output) = try stage(index, input, batch.labels, inner)
        held = max(held, allocator.liveBytes - before)
        pass.take(inner.updates)
        return (value: loss, others: output.detached())
      }
      input = output
      try body(index, places, loss, gradients)
    }
    return held
  }

  /// The number of images.
  public func targetCount(of batch: ImageBatch) -> Int { batch.labels.count }

  // MARK: Prediction

  /// Images [B, …] → a score for each class, [B, K]. Forward-Forward runs once for each class.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func scores(_ images: Tensor, _ pass: Pass) throws(DataError) -> Tensor {
    let context = pass.context
    let images = try checked(images, context)
    switch configuration.rule {
    case .backpropagation: return backpropagated(images, pass)
    case .forwardForward: return forwardForward(images, pass)
    case .monoForward, .cascadedForward:
      var (x, sum): (Tensor, Tensor?) = (images, nil)
      let sums = configuration.rule == .cascadedForward || configuration.prediction == .sum
      for (index, block) in blocks.enumerated() {
        x = block(x, pass)
        guard sums || index == blocks.count - 1 else { continue }
        let features =
          configuration.rule == .monoForward ? block.projected(x, context) : LocalBlock.rows(x, context)
        let scores = context.matmul(features, pass[heads[index]].transposed())
        sum = sum.map { context.add($0, scores) } ?? scores
      }
      return sum ?? context.zeros([images.shape[0], configuration.classes])
    }
  }

  /// The goodness of all layers but the first with each label in turn, or that of the only one.
  private func forwardForward(_ images: Tensor, _ pass: Pass) -> Tensor {
    let context = pass.context
    let columns = (0..<configuration.classes).map { label -> Tensor in
      var x = labelled(images, [Int](repeating: label, count: images.shape[0]), pass)
      var sum = context.zeros([images.shape[0]])
      for (index, block) in blocks.enumerated() {
        let output = block(x, pass)
        if index > 0 || blocks.count == 1 { sum = context.add(sum, goodness(output, context)) }
        x = Self.normalized(LocalBlock.rows(output, context), context).reshaped(output.shape)
      }
      return sum.reshaped([images.shape[0], 1])
    }
    return context.concatenate(columns, axis: 1)
  }

  /// `loss`, the cross-entropy of the scores, and `accuracy`.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  public func measure(_ batch: ImageBatch, _ pass: Pass) throws -> [String: MetricSum] {
    let targets = try Classification.targets(batch.labels, classes: configuration.classes, pass.context)
    return Classification.measure(try scores(batch.images, pass), targets, pass.context)
  }

  // MARK: Inputs

  private func checked(_ images: Tensor, _ context: Context) throws(DataError) -> Tensor {
    let row = images.shape.dimensions.dropFirst().reduce(1, *)
    let size = configuration.input.reduce(1, *)
    guard images.shape.rank >= 1, row == size, images.dtype == .f32 else {
      throw .mismatch(
        field: "images", found: "\(images.dtype.displayName) \(images.shape)",
        expected: "F32, \(configuration.input) for each")
    }
    return context.contiguous(images).reshaped(Shape([images.shape[0]] + configuration.input))
  }

  /// The images with a label each in the place of their first K inputs: 1 for the label's, else 0.
  package func labelled(_ images: Tensor, _ labels: [Int], _ pass: Pass) -> Tensor {
    let copy = pass.context.copy(images)
    let (size, classes) = (configuration.input.reduce(1, *), configuration.classes)
    let values = copy.pointer(as: Float.self)
    for (row, label) in labels.enumerated() {
      for place in 0..<classes { values[row * size + place] = place == label ? 1 : 0 }
    }
    return copy
  }

  /// For each label one of the others, all equally likely, by the batch's random numbers.
  package func wrongLabels(_ labels: [Int], _ pass: Pass) -> [Int] {
    var random = Random(seed: pass.batchSeed, stream: 0x6666)
    return labels.map { label in
      let other = Int(random.uniform() * Double(configuration.classes - 1))
      return other < label ? other : other + 1
    }
  }
}
