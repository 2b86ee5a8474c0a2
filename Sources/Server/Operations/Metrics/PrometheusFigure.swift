/// A figure that can write itself.
protocol PrometheusFigure: AnyObject, Sendable {
  /// Writes the figure's lines.
  func write(name: String, labels: [(String, String)], to out: inout String)
}
