#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Int {
  /// The time of day.
  static var secondsSince1970: Int { Int(Date().timeIntervalSince1970) }
}
