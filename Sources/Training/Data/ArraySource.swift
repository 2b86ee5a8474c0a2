/// Elements that are in memory.
public struct ArraySource<Element: Sendable>: DataSource {
  /// The elements.
  public let elements: [Element]

  /// A source of `elements`.
  public init(_ elements: [Element]) { self.elements = elements }

  /// The number of elements.
  public var count: Int { elements.count }

  /// An element, the same in every epoch.
  public func element(at index: Int, epoch: Int) -> Element { elements[index] }
}
