/// The sizes of an ``MLPClassifier``.
public struct MLPConfiguration: Sendable, Hashable {
  /// The numbers that a batch has for each example.
  public var inputs: Int
  /// The widths of the layers between.
  public var hidden: [Int]
  /// The classes.
  public var classes: Int
  /// The function behind each layer between.
  public var activation: Activation
  /// The share of a hidden layer's elements that training drops.
  public var dropout: Double

  /// 784 inputs, two layers of 1024 and ten classes unless given.
  public init(
    inputs: Int = 784, hidden: [Int] = [1024, 1024], classes: Int = 10, activation: Activation = .relu,
    dropout: Double = 0
  ) {
    self.inputs = inputs
    self.hidden = hidden
    self.classes = classes
    self.activation = activation
    self.dropout = dropout
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    try ModelSetting.check("inputs", inputs, 1...1 << 24)
    try ModelSetting.check("layers", hidden.count, 0...1024)
    for width in hidden { try ModelSetting.check("hidden", width, 1...1 << 20) }
    try ModelSetting.check("classes", classes, 1...1 << 24)
    try ModelSetting.check(dropout: dropout)
    try ModelSetting.check(parameters: parameterCount)
  }

  private var parameterCount: Double {
    let widths = [inputs] + hidden + [classes]
    return zip(widths, widths.dropFirst()).reduce(0) { $0 + (Double($1.0) + 1) * Double($1.1) }
  }
}
