import NumericTypes

/// How many rows are kept, and by what they are chosen.
public struct WTACRSOptions: Sendable, Hashable {
  /// Where the norms of gradients are remembered.
  public enum NormCache: String, Sendable, Hashable, CaseIterable {
    /// Nowhere: rows are chosen by their own norms.
    case none
    /// One number for each sample and layer: the mean over its rows.
    case samples
    /// One for each row of each sample and layer.
    case rows
  }

  /// The part of the rows that is kept.
  public var ratio: Double
  /// The fewest rows.
  public var least: Int
  /// Which rows.
  public var estimator: RowEstimator
  /// Whether the drawn part is left out where the certain rows have nearly all weights: ``RowSample``.
  public var leavesTail: Bool
  /// What gradients' norms are remembered by.
  public var cache: NormCache
  /// The least weight of a row as a part of the mean one: a norm that was 0 when it was remembered need not be any more, and
  /// a row that can't be drawn would make the estimate biased.
  public var floor: Double
  /// What kept rows are stored in, f32 or bf16.
  public var storage: DType
  /// Parts of the names of layers that are sampled; all where there are none.
  public var layers: [String]
  /// Parts of the names of layers that are not.
  public var exactLayers: [String]

  /// Three of ten rows of all layers, their gradients' norms remembered by row.
  public init(
    ratio: Double = 0.3, least: Int = 1, estimator: RowEstimator = .winnerTakeAll, leavesTail: Bool = true,
    cache: NormCache = .rows, floor: Double = 0.01, storage: DType = .f32, layers: [String] = [],
    exactLayers: [String] = []
  ) {
    self.ratio = ratio
    self.least = least
    self.estimator = estimator
    self.leavesTail = leavesTail
    self.cache = cache
    self.floor = floor
    self.storage = storage
    self.layers = layers
    self.exactLayers = exactLayers
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    if !(ratio > 0 && ratio <= 1) {
      throw .invalidOption(field: "ratio", value: "\(ratio)", expected: "above 0, up to 1")
    }
    try ModelSetting.check("least", least, 1...1 << 30)
    if !(floor >= 0 && floor <= 1) {
      throw .invalidOption(field: "floor", value: "\(floor)", expected: "from 0 to 1")
    }
    if case .certain(let count) = estimator, count < 0 {
      throw .invalidOption(field: "certain", value: "\(count)", expected: "0 or more")
    }
    if storage != .f32 && storage != .bf16 {
      throw .invalidOption(field: "storage", value: storage.displayName, expected: "f32 or bf16")
    }
  }

  /// k of N rows.
  func kept(of rows: Int) -> Int { min(rows, max(least, Int(ratio * Double(rows)))) }

  /// Whether a weight's layer is sampled.
  func samples(_ name: String) -> Bool {
    (layers.isEmpty || layers.contains { name.contains($0) }) && !exactLayers.contains { name.contains($0) }
  }
}
