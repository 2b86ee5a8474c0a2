import NumericTypes

/// Checks of a model's configuration, whose numbers come from a command line or a file.
enum ModelSetting {
  /// Parameters beyond which a configuration is refused.
  static let mostParameters = 1 << 32

  /// Throws unless `value` lies in `range`.
  static func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(DataError) {
    if !range.contains(value) {
      throw .invalidOption(
        field: field, value: "\(value)", expected: "from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Throws unless `rate` is a share of dropped elements.
  static func check(dropout rate: Double) throws(DataError) {
    if !(rate >= 0 && rate < 1) {
      throw .invalidOption(field: "dropout", value: "\(rate)", expected: "from 0 up to but not including 1")
    }
  }

  /// Throws for more parameters than a model may have; each part is in range already.
  static func check(parameters: Double) throws(DataError) {
    if parameters > Double(mostParameters) {
      throw .invalidOption(
        field: "the configuration", value: "\(parameters) parameters", expected: "at most \(mostParameters)")
    }
  }
}
