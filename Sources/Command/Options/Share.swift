import ArgumentParser

/// A share as users write it: `1%`, `+1%`, `0.01`.
package struct Share: ExpressibleByArgument, Sendable, Equatable {
  /// The share: 0.01 for one per cent.
  package var value: Double

  package init(_ value: Double) { self.value = value }

  package init?(argument: String) {
    var text = argument[...]
    if text.first == "+" { text = text.dropFirst() }
    let isPerCent = text.last == "%"
    guard let number = Double(isPerCent ? text.dropLast() : text) else { return nil }
    let value = isPerCent ? number / 100 : number
    guard (0...10).contains(value) else { return nil }
    self.value = value
  }

  package var defaultValueDescription: String { "\(Human.fixed(value * 100, 0))%" }
}
