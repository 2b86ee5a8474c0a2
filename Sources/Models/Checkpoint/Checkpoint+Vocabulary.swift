import Formats

extension Checkpoint {
  /// The rows of the embedding, `width` values each.
  ///
  /// - Throws: ``/Formats/FormatError/missingTensor(field:)``, ``ModelError/tensorMismatch(name:expected:found:)``.
  func vocabularySize(width: Int) throws -> Int {
    let shape = try tensor("token_embd.weight").shape
    guard shape.rank == 2, shape[0] > 0, shape[1] == width else {
      throw ModelError.tensorMismatch(
        name: "token_embd.weight", expected: "[vocabulary, \(width)], not empty", found: "\(shape)")
    }
    return shape[0]
  }
}
