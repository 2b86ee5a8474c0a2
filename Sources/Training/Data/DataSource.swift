/// Elements for training, each found by its number.
///
/// What an element is depends on its number and the epoch only, never on what was read before: that makes shuffling,
/// resuming, several threads and several ranks exact. What comes as a stream of unknown length is first written to a file
/// that is not one, such as a ``TokenCorpus``. Elements are asked for by several threads at once.
public protocol DataSource<Element>: Sendable {
  /// What a model learns from.
  associatedtype Element: Sendable

  /// The number of elements.
  var count: Int { get }

  /// An element.
  ///
  /// - Parameters:
  ///   - index: from 0 to below ``count``.
  ///   - epoch: which pass over the elements this is; only what changes them at random looks at it.
  func element(at index: Int, epoch: Int) throws -> Element
}
