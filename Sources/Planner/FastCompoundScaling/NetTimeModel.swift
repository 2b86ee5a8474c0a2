/// Seconds of a net on a device: c₀ + c₁·activations + c₂·operations, none below 0.
public struct NetTimeModel: Sendable, Hashable {
  /// A net's counts and its seconds.
  public struct Row: Sendable, Hashable {
    /// Counts, of one image.
    public var complexity: NetComplexity
    /// Seconds.
    public var seconds: Double

    /// A row.
    public init(_ complexity: NetComplexity, seconds: Double) {
      self.complexity = complexity
      self.seconds = seconds
    }
  }

  /// c₀.
  public var start: Double
  /// c₁.
  public var activation: Double
  /// c₂.
  public var multiplyAdd: Double

  /// A model from its parts.
  public init(start: Double, activation: Double, multiplyAdd: Double) {
    self.start = start
    self.activation = activation
    self.multiplyAdd = multiplyAdd
  }

  /// The model nearest to rows, by relative errors.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than three rows, and seconds that are not above 0.
  public init(fitting rows: [Row]) throws(PlannerError) {
    guard rows.count >= 3, rows.allSatisfy({ $0.seconds > 0 && $0.seconds.isFinite }) else {
      throw .invalid(field: "rows", problem: "\(rows.count) rows, at least 3 with seconds above 0")
    }
    let fit = try LinearFit.nonnegative(
      rows: rows.map { [1, Double($0.complexity.activations), Double($0.complexity.multiplyAdds)] },
      values: rows.map(\.seconds), weights: rows.map { 1 / ($0.seconds * $0.seconds) })
    self.init(start: fit.coefficients[0], activation: fit.coefficients[1], multiplyAdd: fit.coefficients[2])
  }

  /// Seconds of a net.
  public func seconds(_ complexity: NetComplexity) -> Double {
    start + activation * Double(complexity.activations) + multiplyAdd * Double(complexity.multiplyAdds)
  }

  /// Pearson's r of seconds with operations, weights and activations.
  public static func correlations(_ rows: [Row]) -> (multiplyAdds: Double, parameters: Double, activations: Double) {
    func r(_ values: [Double]) -> Double { Correlation.pearson(values, rows.map(\.seconds)) ?? 0 }
    return (
      r(rows.map { Double($0.complexity.multiplyAdds) }), r(rows.map { Double($0.complexity.parameters) }),
      r(rows.map { Double($0.complexity.activations) })
    )
  }
}
