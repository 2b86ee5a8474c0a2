import Formats

/// A thing that must hold before anything is measured.
public struct Check: Sendable, Equatable {
  /// What must hold.
  public var name: String
  /// Whether it does.
  public var passed: Bool
  /// What was found: cases, the largest error.
  public var detail: String

  /// A check from its parts.
  public init(_ name: String, passed: Bool, detail: String = "") {
    self.name = name
    self.passed = passed
    self.detail = detail
  }

  /// A check that fails, with the error, when `body` throws one; cancelling goes on to the caller.
  ///
  /// - Throws: `CancellationError`.
  public init(_ name: String, _ body: () throws -> (passed: Bool, detail: String)) throws {
    do {
      let (passed, detail) = try body()
      self.init(name, passed: passed, detail: detail)
    } catch let error as CancellationError {
      throw error
    } catch { self.init(name, passed: false, detail: "\(error)") }
  }

  /// `{"name", "passed", "detail"}`.
  public var json: JSON { ["name": .string(name), "passed": .bool(passed), "detail": .string(detail)] }
}
