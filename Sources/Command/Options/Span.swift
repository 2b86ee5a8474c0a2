import ArgumentParser

/// A time as users write it: `90`, `90s`, `5m`, `1h`.
package struct Span: ExpressibleByArgument, Sendable, Equatable {
  /// The seconds.
  package var seconds: Double

  package init(seconds: Double) { self.seconds = seconds }

  package init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument[...] : argument.dropLast()) else { return nil }
    let seconds = number * (unit ?? 1)
    // A NaN is in no range.
    guard (0.001...1e6).contains(seconds) else { return nil }
    self.seconds = seconds
  }

  package var defaultValueDescription: String {
    seconds.truncatingRemainder(dividingBy: 60) == 0 ? "\(Int(seconds / 60))m" : "\(Human.fixed(seconds, 0))s"
  }
}
