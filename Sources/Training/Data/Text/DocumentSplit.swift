import Tensors

/// Which documents are for training and which for validation: a property of the document's number and the seed, so that
/// documents that are appended leave the others where they are.
public struct DocumentSplit: Sendable, Hashable {
  /// A side of the split.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    case training, validation
  }

  /// The expected share of validation, from 0 to 1.
  public let validation: Double
  /// What the choice depends on.
  public let seed: UInt64

  /// A split.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(validation: Double, seed: UInt64 = 0) throws(DataError) {
    guard (0...1).contains(validation) else {
      throw .invalidOption(field: "validation", value: "\(validation)", expected: "0 to 1")
    }
    self.validation = validation
    self.seed = seed
  }

  /// The side of a document.
  public func part(of document: Int) -> Part {
    var random = DataStream.split.random(seed: seed, epoch: 0)
    random.position = UInt64(truncatingIfNeeded: document)
    return random.uniform() < validation ? .validation : .training
  }

  /// The documents of a side among `count`, ascending.
  public func documents(of part: Part, among count: Int) -> [Int] {
    (0..<count).filter { self.part(of: $0) == part }
  }
}
