// Sizes that come from files and requests go through these: Swift's own operators trap on overflow, and a trap that a
// file can reach is a remote crash.

/// The product of two sizes.
///
/// - Throws: ``NumericsError/overflow(_:)`` naming `what` when it does not fit.
public func checkedProduct(_ a: Int, _ b: Int, _ what: @autoclosure () -> String) throws(NumericsError) -> Int {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  if overflow { throw .overflow(what()) }
  return product
}

/// The sum of two sizes.
///
/// - Throws: ``NumericsError/overflow(_:)`` naming `what` when it does not fit.
public func checkedSum(_ a: Int, _ b: Int, _ what: @autoclosure () -> String) throws(NumericsError) -> Int {
  let (sum, overflow) = a.addingReportingOverflow(b)
  if overflow { throw .overflow(what()) }
  return sum
}

extension Int {
  /// The sum, or the largest number when there is none that large; for sizes that are only compared with a limit.
  package func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The product, or the largest number when there is none that large; for sizes that are only compared with a limit.
  package func multipliedClamped(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
