/// The sizes of an ``LSTMLanguageModel``.
public struct LSTMConfiguration: Sendable, Hashable {
  /// The number of tokens.
  public var vocabulary: Int
  /// The longest row.
  public var length: Int
  /// The width of a token's vector.
  public var width: Int
  /// The width of the state.
  public var hidden: Int
  /// The recurrent layers.
  public var layers: Int
  /// The share of elements that training drops between layers.
  public var dropout: Double

  /// One layer of 512 unless given.
  public init(
    vocabulary: Int, length: Int = 256, width: Int = 512, hidden: Int = 512, layers: Int = 1, dropout: Double = 0
  ) {
    self.vocabulary = vocabulary
    self.length = length
    self.width = width
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    try ModelSetting.check("vocabulary", vocabulary, 1...1 << 24)
    try ModelSetting.check("length", length, 1...1 << 24)
    try ModelSetting.check("width", width, 1...1 << 16)
    try ModelSetting.check("hidden", hidden, 1...1 << 16)
    try ModelSetting.check("layers", layers, 1...256)
    try ModelSetting.check(dropout: dropout)
    let (inputs, outputs) = (Double(width), Double(hidden))
    let recurrent = 4 * outputs * (inputs + outputs) + 8 * outputs * outputs * Double(layers - 1)
    try ModelSetting.check(parameters: recurrent + Double(vocabulary) * (inputs + outputs))
  }
}
