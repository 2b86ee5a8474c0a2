import Synchronization

/// A number that tasks count together.
final class SharedCount: Sendable {
  private let count = Atomic<Int>(0)

  /// The number.
  var value: Int { count.load(ordering: .relaxed) }

  /// Adds to it and tells what it was before.
  @discardableResult
  func add(_ number: Int) -> Int { count.add(number, ordering: .relaxed).oldValue }
}
