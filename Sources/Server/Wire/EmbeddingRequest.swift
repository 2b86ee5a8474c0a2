import Formats
import Inference
import Text

/// What `POST /v1/embeddings` is asked.
struct EmbeddingRequest: Sendable {
  /// One text or its tokens.
  enum Input: Sendable {
    case text(String)
    case tokens([Int32])
  }

  var model: String?
  var inputs: [Input]
  /// Whether vectors are written as base64 of little-endian floats.
  var isBase64: Bool
  var dimensions: Int?

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    dimensions = try fields.integer("dimensions", in: 1...Int.max)
    let format = try fields.text("encoding_format") ?? "float"
    guard ["float", "base64"].contains(format) else {
      throw .invalid(
        fields.name("encoding_format"), "\"\(FieldReader.quoted(format))\" is neither float nor base64",
        code: "unsupported_value")
    }
    isBase64 = format == "base64"
    inputs = try Self.inputs(fields, limits: limits)
  }

  private static func inputs(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [Input] {
    let name = fields.name("input")
    switch try fields.required("input", fields["input"]) {
    case .string(let text): return [.text(text)]
    case .array(let elements):
      if elements.isEmpty { throw .invalid(name, "must not be empty") }
      if case .integer = elements[0] { return [.tokens(try TokenFields.read(elements, name))] }
      if elements.count > limits.inputs {
        throw .invalid(name, "has \(elements.count) texts; at most \(limits.inputs) are taken")
      }
      var inputs: [Input] = []
      for (index, element) in elements.enumerated() {
        switch element {
        case .string(let text): inputs.append(.text(text))
        case .array(let ids) where !ids.isEmpty: inputs.append(.tokens(try TokenFields.read(ids, "\(name)[\(index)]")))
        default:
          throw .invalid(
            "\(name)[\(index)]", "\(FieldReader.shown(element)) is neither a string nor an array of tokens")
        }
      }
      return inputs
    case let value: throw .invalid(name, "\(FieldReader.shown(value)) is neither a string nor an array")
    }
  }

  /// The texts to embed, none longer than the model reads.
  ///
  /// Tokens are taken if they are what the tokenizer makes of their own text, with or without those that it sets around it:
  /// what else they would become is nobody's meaning.
  ///
  /// - Throws: ``RequestFailure``.
  @Sendable func texts(_ embedder: Embedder) throws(RequestFailure) -> [String] {
    if let dimensions, dimensions != embedder.dimension {
      throw .invalid(
        "dimensions", "\(dimensions) is not \(embedder.dimension), which is what the model gives",
        code: "unsupported_value")
    }
    var texts: [String] = []
    for (index, input) in inputs.enumerated() {
      let name = inputs.count == 1 ? "input" : "input[\(index)]"
      let text: String
      switch input {
      case .text(let given): text = given
      case .tokens(let ids): text = try Self.text(ids, embedder.tokenizer, name)
      }
      try embedder.check(text, name)
      texts.append(text)
    }
    return texts
  }

  private static func text(_ ids: [Int32], _ tokenizer: Tokenizer, _ name: String) throws(RequestFailure) -> String {
    do throws(TextError) {
      for rendersSpecial in [false, true] {
        let text = try tokenizer.decode(ids, rendersSpecial: rendersSpecial)
        for addBoundaries in [true, false] {
          if tokenizer.encode(text, parseSpecial: true, addBoundaries: addBoundaries) == ids {
            return addBoundaries || !rendersSpecial ? text : try tokenizer.decode(ids)
          }
        }
      }
    } catch { throw .invalid(name, "\(error)") }
    throw .invalid(name, "these tokens are not what the tokenizer makes of any text", code: "unsupported_value")
  }
}

extension Embedder {
  /// Refuses a text that is longer than the model reads.
  ///
  /// - Throws: ``RequestFailure``.
  func check(_ text: String, _ field: String) throws(RequestFailure) {
    let count = tokenizer.encode(text, parseSpecial: true).count
    if count > maxTokens {
      throw .invalid(
        field, "has \(count) tokens; the model reads at most \(maxTokens)", code: "context_length_exceeded")
    }
  }
}
