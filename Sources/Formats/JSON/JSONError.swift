/// Text that is not JSON.
public struct JSONError: Error, Sendable, Equatable {
  /// The byte from which on it is not.
  public var offset: Int
  /// What is wrong there.
  public var problem: String
}

extension JSONError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String { "not JSON at byte \(offset): \(problem)" }
}
