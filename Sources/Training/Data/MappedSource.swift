/// The elements of another source, each changed by a function.
public struct MappedSource<Base: DataSource, Element: Sendable>: DataSource {
  private let base: Base
  private let change: @Sendable (Base.Element, _ index: Int, _ epoch: Int) throws -> Element

  init(_ base: Base, _ change: @escaping @Sendable (Base.Element, Int, Int) throws -> Element) {
    self.base = base
    self.change = change
  }

  /// The number of elements.
  public var count: Int { base.count }

  /// An element of the other source, changed.
  public func element(at index: Int, epoch: Int) throws -> Element {
    try change(base.element(at: index, epoch: epoch), index, epoch)
  }
}

extension DataSource {
  /// This source with every element changed by a function, which runs where elements are made: on a loader's threads.
  ///
  /// - Parameter change: takes the element, its number and the epoch; its result depends on these only.
  public func mapped<Changed: Sendable>(
    _ change: @escaping @Sendable (Element, _ index: Int, _ epoch: Int) throws -> Changed
  ) -> MappedSource<Self, Changed> {
    MappedSource(self, change)
  }
}
