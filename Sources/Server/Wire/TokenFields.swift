import Formats

/// Token ids in requests.
enum TokenFields {
  /// The ids of an array; whether the vocabulary has them is for the model to say.
  ///
  /// - Throws: ``RequestFailure``.
  static func read(_ elements: [JSON], _ name: String) throws(RequestFailure) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let id = element.int.flatMap({ Int32(exactly: $0) }), id >= 0 else {
        throw .invalid("\(name)[\(index)]", "\(FieldReader.shown(element)) is not a token id")
      }
      ids.append(id)
    }
    return ids
  }
}
