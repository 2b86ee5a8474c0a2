import Formats
import Inference
import Text

/// Tokens as answers show them.
enum TokenText {
  /// `token`, `logprob` and `bytes`: the bytes are exact where the text is not, because a token may be a part of a character.
  static func members(_ id: Int32, _ logProbability: Float, _ vocabulary: Vocabulary) -> [JSON.Member] {
    let bytes = bytes(id, vocabulary)
    return [
      JSON.Member("token", .string(String(decoding: bytes, as: UTF8.self))),
      JSON.Member("logprob", number(logProbability)), JSON.Member("bytes", .array(bytes.map { .integer(Int($0)) })),
    ]
  }

  /// A token of an answer with its log-probability and those of its alternatives.
  static func entry(_ token: GeneratedToken, _ vocabulary: Vocabulary) -> JSON {
    let likeliest = token.alternatives.map { JSON.object(members($0.id, $0.logProbability, vocabulary)) }
    let own = members(token.id, token.logProbability ?? -.infinity, vocabulary)
    return .object(own + [JSON.Member("top_logprobs", .array(likeliest))])
  }

  /// A token's own text.
  static func text(_ id: Int32, _ vocabulary: Vocabulary) -> String {
    String(decoding: bytes(id, vocabulary), as: UTF8.self)
  }

  /// The characters, as Unicode counts them, that a token's text has by itself.
  static func length(_ token: GeneratedToken) -> Int {
    String(decoding: token.bytes, as: UTF8.self).unicodeScalars.count
  }

  /// A log-probability; that of the impossible is the number that clients know for it.
  static func number(_ logProbability: Float) -> JSON {
    logProbability.isFinite ? .rounded(Double(logProbability), digits: 7) : .number(-9999)
  }

  // A model may have more rows than its tokenizer has tokens.
  private static func bytes(_ id: Int32, _ vocabulary: Vocabulary) -> ArraySlice<UInt8> {
    (try? vocabulary.bytes(of: id)) ?? []
  }
}
