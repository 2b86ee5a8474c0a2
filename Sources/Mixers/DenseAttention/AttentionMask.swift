/// Which keys a query sees: a window around its own position.
///
/// The query at position p sees the keys p - left … p + right that exist. Over a cache, a mask with a `right` other than
/// 0 takes a sequence in one run; to continue it throws ``/Layers/MixerError/looksAhead(run:position:)``.
public struct AttentionMask: Sendable, Hashable {
  /// The number of keys seen before a query's own; `nil` for all.
  public var left: Int?
  /// The number of keys seen after a query's own; `nil` for all.
  public var right: Int?

  /// A window.
  public init(left: Int?, right: Int?) {
    self.left = left
    self.right = right
  }

  /// Every key up to the query's own.
  public static let causal = AttentionMask(left: nil, right: 0)
  /// Every key.
  public static let none = AttentionMask(left: nil, right: nil)
  /// The last `count` keys up to the query's own.
  public static func sliding(_ count: Int) -> AttentionMask { AttentionMask(left: count - 1, right: 0) }

  /// The kernels' form: negative for unlimited.
  var bounds: (left: Int64, right: Int64) { (Int64(left ?? -1), Int64(right ?? -1)) }

  /// The keys that a query sees among `length`.
  func visible(position: Int, length: Int) -> Range<Int> {
    let first = max(0, left.map { position - $0 } ?? 0)
    let last = min(length, right.map { position + $0 + 1 } ?? length)
    return first..<max(first, last)
  }
}
