import NumericTypes

/// What can be wrong with the settings, the parameters, the gradients or the saved state of an optimizer.
public enum OptimizerError: Error, Sendable, Equatable {
  /// A setting outside its range; the text says what it must be.
  case invalidSetting(field: String, value: Double, expected: String)
  /// Two groups, or two parameters, of one name.
  case duplicateName(String)
  /// A parameter or gradient that cannot be worked on where it lies; the text says why.
  case unusable(name: String, reason: String)
  /// Two parameters that share memory, so that one step would be taken twice.
  case sharedMemory(String, String)
  /// A parameter that is not frozen and has no gradient.
  case missingGradient(String)
  /// A gradient of no known parameter.
  case unknownGradient(String)
  /// A gradient whose shape is not its parameter's.
  case wrongGradient(name: String, found: Shape, expected: Shape)
  /// Gradients whose norm is infinite or not a number.
  case nonFiniteNorm(Double)
  /// A saved state without an entry that is needed.
  case missingState(String)
  /// An entry of a saved state that belongs to nothing here.
  case unknownState(String)
  /// An entry of a saved state of another shape or element type.
  case wrongState(
    name: String, found: Shape, foundType: DType, expected: Shape, expectedType: DType)
  /// An entry of a saved state whose value makes no sense.
  case invalidState(name: String, value: Int, expected: String)
}

extension OptimizerError: CustomStringConvertible {
  /// A sentence that holds the names and values.
  public var description: String {
    switch self {
    case .invalidSetting(let field, let value, let expected): "\(field) is \(value), it must be \(expected)"
    case .duplicateName(let name): "the name \(name) occurs twice"
    case .unusable(let name, let reason): "\(name) cannot be updated: \(reason)"
    case .sharedMemory(let a, let b): "\(a) and \(b) share memory: give a tied parameter once"
    case .missingGradient(let name): "no gradient for the parameter \(name)"
    case .unknownGradient(let name): "a gradient for \(name), which is no parameter"
    case .wrongGradient(let name, let found, let expected): "the gradient of \(name) is \(found), not \(expected)"
    case .nonFiniteNorm(let norm): "the norm of the gradients is \(norm)"
    case .missingState(let name): "the saved state has no \(name)"
    case .unknownState(let name): "the saved state has \(name), which belongs to nothing here"
    case .wrongState(let name, let found, let foundType, let expected, let expectedType):
      "the saved \(name) is \(foundType.displayName) \(found), not \(expectedType.displayName) \(expected)"
    case .invalidState(let name, let value, let expected): "the saved \(name) is \(value), it must be \(expected)"
    }
  }
}

/// What a setting must be.
enum SettingRange: String {
  case notNegative = "a finite number, 0 or more"
  case positive = "a finite number above 0"
  /// 0 ≤ x < 1.
  case fraction = "from 0 up to but not including 1"
  /// 0 < x < 1.
  case properFraction = "between 0 and 1"
  /// 0 < x ≤ 1.
  case share = "above 0 and at most 1"
  /// 0 ≤ x ≤ 1.
  case part = "from 0 to 1"

  func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    return switch self {
    case .notNegative: value >= 0
    case .positive: value > 0
    case .fraction: value >= 0 && value < 1
    case .properFraction: value > 0 && value < 1
    case .share: value > 0 && value <= 1
    case .part: value >= 0 && value <= 1
    }
  }
}

/// Throws unless `value` is in the range that `field` must be in.
func check(_ field: String, _ value: Double, _ range: SettingRange) throws(OptimizerError) {
  if !range.contains(value) { throw .invalidSetting(field: field, value: value, expected: range.rawValue) }
}

/// Throws unless the count `field` is at least `least`.
func check(_ field: String, _ value: Int, atLeast least: Int) throws(OptimizerError) {
  if value < least { throw .invalidSetting(field: field, value: Double(value), expected: "\(least) or more") }
}
