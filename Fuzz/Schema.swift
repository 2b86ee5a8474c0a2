// JSON schemas: whatever the bytes are, there is an error that names the place, or a grammar whose whole texts are JSON.
import Formats
import Text

func check(_ bytes: UnsafeRawBufferPointer) {
  guard let schema = try? JSON(parsing: Array(bytes)) else { return }
  let grammar: Grammar
  do throws(TextError) { grammar = try Grammar(jsonSchema: schema) } catch {
    switch error {
    case .schemaInvalid(let path, let problem), .schemaUnsupported(let path, let problem):
      guard path.hasPrefix("#"), !problem.isEmpty else { fatalError("no place: \(error)") }
    case .grammarLeftRecursion, .grammarLimit: break
    default: fatalError("no error of a schema: \(error)")
    }
    return
  }
  guard let trie else { fatalError("no vocabulary") }
  do {
    let matcher = try GrammarMatcher(grammar, trie)
    var text: [UInt8] = []
    var choices = Array(bytes)[...]
    while text.count < 200, !matcher.isComplete {
      let mask = try matcher.mask()
      let allowed = (0..<Int32(trie.count) - 1).filter(mask.contains)
      if allowed.isEmpty {
        guard matcher.isAccepting else { fatalError("\(String(decoding: text, as: UTF8.self)) leads nowhere") }
        break
      }
      let token = allowed[Int(choices.popFirst() ?? 0) % allowed.count]
      guard try matcher.advance(token) else { fatalError("\(token) was allowed after \(text)") }
      text += trie.bytes(of: token)
    }
    guard matcher.isAccepting else { return }
    if (try? JSON(parsing: text)) == nil { fatalError("not JSON: \(String(decoding: text, as: UTF8.self))") }
  } catch {
    guard case TextError.grammarLimit = error else { fatalError("\(error)") }
  }
}

private let trie: TokenTrie? = {
  let visible = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
  let alphabet = (visible + Array(256..<256 + 256 - visible.count)).compactMap { Unicode.Scalar($0).map { String($0) } }
  let types = [Int32](repeating: 1, count: 256) + [3]
  let vocabulary = try? Vocabulary(
    byteLevelTokens: ByteStrings(alphabet + ["<|end|>"]), types: types, special: SpecialTokens(end: 256))
  return vocabulary.map { TokenTrie($0) }
}()

func seeds() -> [[UInt8]] {
  let texts = [
    #"{"type":"object","properties":{"a":{"type":"string","maxLength":5},"b":{"type":"integer","minimum":-3,"maximum":120}},"required":["b"]}"#,
    #"{"type":"array","items":{"anyOf":[{"type":"null"},{"const":[1,"x"]}]},"minItems":1,"maxItems":3}"#,
    ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"enum":[1,2]},"next":{"oneOf":[{"$ref":"#"},{"type":"null"}]}},"required":["v"]}}}"##,
    #"{"type":"string","pattern":"^[a-f\\d]{2,4}(x|\\w+)?$"}"#,
    #"{"type":["number","boolean"],"exclusiveMinimum":-1,"maximum":2}"#,
    #"{"allOf":[{"properties":{"a":true}},{"required":["a"],"additionalProperties":{"type":"string","format":"date"}}]}"#,
    #"{"prefixItems":[{"type":"string"},{"type":"boolean"}],"items":false,"minItems":1}"#, "true",
    #"{"format":"uuid"}"#,
  ]
  return texts.map { Array($0.utf8) }
}
