import Formats

/// Our own side of a benchmark of one operator.
public protocol OperatorContestant {
  /// Another way in which the same work can be had: the name of its figure, and its turn.
  typealias Variant = (name: String, turn: (_ repeats: Int) throws -> Double)

  /// Ways that are not what peers do, so their figures stand beside the comparison.
  var variants: [Variant] { get }

  /// The seconds of one pass, the mean of `repeats` in a row.
  ///
  /// - Throws: what the operator throws.
  func turn(repeats: Int) throws -> Double

  /// Further figures of the row, such as memory taken.
  ///
  /// - Throws: what the operator throws.
  func figures() throws -> [JSON.Member]
}

extension OperatorContestant {
  /// None.
  public var variants: [Variant] { [] }

  /// None.
  public func figures() -> [JSON.Member] { [] }
}
