import Formats
import Inference

/// What `POST /v1/rerank` is asked: which documents are about what a query is about.
///
/// The score is the cosine of the angle between the pooled embeddings of the query and the document; no model reads both
/// together.
struct RerankRequest: Sendable {
  var model: String?
  var query: String
  var documents: [String]
  /// How many of the best are told; all by default.
  var most: Int
  /// Whether the documents are told too.
  var returnsDocuments: Bool

  /// What a score is, in the answer's words.
  static let scoring = "cosine_of_embeddings"

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    query = try fields.required("query", fields.text("query"))
    let name = fields.name("documents")
    let elements = try fields.required("documents", fields.array("documents", most: limits.inputs))
    if elements.isEmpty { throw .invalid(name, "must not be empty") }
    documents = []
    for (index, element) in elements.enumerated() {
      switch element {
      case .string(let text): documents.append(text)
      case .object:
        let document = try FieldReader(element, path: "\(name)[\(index)]")
        documents.append(try document.required("text", document.text("text")))
      default:
        throw .invalid(
          "\(name)[\(index)]", "\(FieldReader.shown(element)) is neither a string nor an object with a text")
      }
    }
    most = try fields.integer("top_n", in: 1...Int.max) ?? documents.count
    returnsDocuments = try fields.bool("return_documents") ?? false
  }

  /// The query, then the documents, none longer than the model reads.
  ///
  /// - Throws: ``RequestFailure``.
  @Sendable func texts(_ embedder: Embedder) throws(RequestFailure) -> [String] {
    try embedder.check(query, "query")
    for (index, document) in documents.enumerated() { try embedder.check(document, "documents[\(index)]") }
    return [query] + documents
  }

  /// The best documents, the better first; of equals the one that was named first.
  @Sendable func answer(_ vectors: Embeddings, _ model: String) -> JSON {
    let scores = documents.indices.map { Self.cosine(vectors[0], vectors[$0 + 1]) }
    let order = documents.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    let results = order.prefix(most).map { index -> JSON in
      var members = [
        JSON.Member("index", .integer(index)), JSON.Member("relevance_score", .rounded(scores[index], digits: 7)),
      ]
      if returnsDocuments { members.append(JSON.Member("document", ["text": .string(documents[index])])) }
      return .object(members)
    }
    let tokens = vectors.tokens.reduce(0, +)
    return [
      "object": "list", "model": .string(model), "scoring": .string(Self.scoring), "results": .array(results),
      "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
    ]
  }

  /// The cosine of the angle between two vectors; 0 where one has no direction.
  static func cosine(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    var (product, ownA, ownB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += Double(x) * Double(y)
      ownA += Double(x) * Double(x)
      ownB += Double(y) * Double(y)
    }
    let cosine = product / (ownA * ownB).squareRoot()
    return cosine.isFinite ? max(-1, min(1, cosine)) : 0
  }
}
