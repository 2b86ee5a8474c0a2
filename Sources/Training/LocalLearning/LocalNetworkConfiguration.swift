import NumericTypes

/// The layers of a ``LocalNetwork`` and how they learn.
public struct LocalNetworkConfiguration: Sendable, Hashable {
  /// A layer.
  public enum Block: Sendable, Hashable {
    /// A linear layer of so many outputs and the activation; images are flattened before it.
    case dense(Int)
    /// A 3 × 3 convolution of so many channels, the activation, and the largest of each 2 × 2 pixels.
    case convolution(Int)
  }

  /// Which scores of Mono-Forward's layers tell the class.
  public enum Prediction: String, Sendable, Hashable, CaseIterable {
    /// Those of the last layer.
    case last
    /// The sum over all layers.
    case sum
  }

  /// How large a layer's answer is to Forward-Forward.
  public enum Goodness: String, Sendable, Hashable, CaseIterable {
    /// The mean of its squares.
    case mean
    /// Their sum.
    case sum
  }

  /// The shape of an input: [n], or [C, H, W].
  public var input: [Int]
  /// The layers.
  public var blocks: [Block]
  /// The classes.
  public var classes: Int
  /// How the layers learn.
  public var rule: LearningRule
  /// The function in each layer. Forward-Forward and Mono-Forward's papers have the rectifier.
  public var activation = Activation.relu
  /// Forward-Forward's θ, above 0.
  public var threshold = 5.0
  /// Forward-Forward's goodness. Inputs of length 1 make a mean of squares of about 1/n, far below any useful θ.
  public var goodness = Goodness.sum
  /// Mono-Forward's prediction.
  public var prediction = Prediction.last
  /// The part of a batch in the running statistics of Cascaded Forward's normalisation.
  public var momentum = 0.1

  /// Layers over an input of a shape.
  public init(input: [Int], blocks: [Block], classes: Int, rule: LearningRule) {
    self.input = input
    self.blocks = blocks
    self.classes = classes
    self.rule = rule
  }

  /// The shape of each layer's output, without the batch.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)`` for what cannot be built.
  public func outputs() throws(DataError) -> [[Int]] {
    try ModelSetting.check("input", input.count, 1...3)
    for extent in input { try ModelSetting.check("input", extent, 1...1 << 20) }
    try ModelSetting.check("layers", blocks.count, 1...1024)
    try ModelSetting.check("classes", classes, 2...1 << 20)
    guard threshold.isFinite, threshold > 0 else {
      throw .invalidOption(field: "threshold", value: "\(threshold)", expected: "a finite number above 0")
    }
    guard momentum > 0, momentum <= 1 else {
      throw .invalidOption(field: "momentum", value: "\(momentum)", expected: "above 0, at most 1")
    }
    let size = input.reduce(1) { $0.multipliedClamped(by: $1) }
    if rule == .forwardForward, classes > size {
      throw .invalidOption(
        field: "classes", value: "\(classes)", expected: "at most the \(size) inputs that a label is written into")
    }
    var (shape, shapes): ([Int], [[Int]]) = (input, [])
    var parameters = 0.0
    for (index, block) in blocks.enumerated() {
      switch block {
      case .dense(let width):
        try ModelSetting.check("layer \(index)", width, 1...1 << 20)
        parameters += Double(shape.reduce(1) { $0.multipliedClamped(by: $1) }) * Double(width)
        shape = [width]
      case .convolution(let channels):
        try ModelSetting.check("layer \(index)", channels, 1...1 << 16)
        guard shape.count == 3 else {
          throw .invalidOption(
            field: "layer \(index)", value: "a convolution",
            expected: "an image of channels, rows and columns before it")
        }
        parameters += 9 * Double(shape[0]) * Double(channels)
        shape = [channels, Self.pooled(shape[1]), Self.pooled(shape[2])]
      }
      shapes.append(shape)
    }
    try ModelSetting.check(parameters: parameters)
    return shapes
  }

  /// An extent after pooling by two; one of 1 stays.
  static func pooled(_ extent: Int) -> Int { max(1, extent / 2) }
}
