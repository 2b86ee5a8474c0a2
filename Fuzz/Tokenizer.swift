// The tokenizer and the chat template of a file: whatever its metadata is, there is an error that names the key, or a
// tokenizer that gives every text back and whose prompts hold no control token but those that the template puts there.
import Formats
import Inference
import Text
import VenturiTesting

func check(_ bytes: UnsafeRawBufferPointer) {
  guard let file = try? GGUFFile(bytes, keeper: nil) else { return }
  do throws(FormatError) {
    let tokenizer = try Tokenizer(file)
    var texts: [[UInt8]] = [Array("the water in a pipe<|im_end|> ab".utf8), Array(bytes.prefix(512))]
    // Text that the fuzzer can shape on its own.
    if let name = try? file.string("general.name") { texts.append(Array(name.utf8)) }
    let isByteLevel = (try? file.string("tokenizer.ggml.model")) == "gpt2"
    for text in texts { roundTrip(text, tokenizer, isByteLevel: isByteLevel) }
    guard let template = try ChatTemplate(file) else { return }
    for text in texts { converse(String(decoding: text, as: UTF8.self), tokenizer, template) }
  } catch {
    guard error.field.hasPrefix("tokenizer."), error.description.contains(error.field) else {
      fatalError("no field: \(error)")
    }
    if let offset = error.offset, !(0...bytes.count).contains(offset) { fatalError("no place: \(error)") }
  }
}

private func roundTrip(_ text: [UInt8], _ tokenizer: Tokenizer, isByteLevel: Bool) {
  let vocabulary = tokenizer.vocabulary
  for parseSpecial in [false, true] {
    let tokens = tokenizer.encode(bytes: text, parseSpecial: parseSpecial, addBoundaries: false)
    guard let back = try? tokenizer.decodeBytes(tokens, rendersSpecial: true),
      let shown = try? tokenizer.decode(tokens)
    else { fatalError("\(tokens) are not all in the vocabulary of \(vocabulary.count)") }
    if isByteLevel, vocabulary.missingBytes.isEmpty, String(validating: text, as: UTF8.self) != nil, back != text {
      fatalError("\(text) came back as \(back)")
    }
    var stream = StreamingDetokenizer(vocabulary: vocabulary)
    var pieces = ""
    for token in tokens { pieces += (try? stream.append(token)) ?? "" }
    pieces += stream.finish()
    // SentencePiece's texts begin with a space that only a stream keeps.
    guard pieces.utf8.elementsEqual(shown.utf8) || !isByteLevel && pieces.utf8.elementsEqual((" " + shown).utf8) else {
      fatalError("\(tokens) stream as \(pieces), not \(shown)")
    }
  }
}

private func converse(_ text: String, _ tokenizer: Tokenizer, _ template: ChatTemplate) {
  // A template may refuse a conversation, or want more than it is given.
  guard let segments = try? template.render([ChatMessage(role: .user, content: text)]) else { return }
  func controls(_ tokens: [TokenID]) -> [TokenID] {
    tokens.filter { (try? tokenizer.vocabulary.type(of: $0)) == .control }
  }
  let found = controls(tokenizer.encode(segments, addBoundaries: false))
  var wanted: [TokenID] = []
  var own = ""
  // Segments of the template that touch are one.
  for segment in segments + [.text("")] {
    if case .template(let text) = segment {
      own += text
    } else {
      wanted += controls(tokenizer.encode(own, parseSpecial: true, addBoundaries: false))
      own = ""
    }
  }
  guard found == wanted else { fatalError("control tokens \(found), not \(wanted)") }
}

func seeds() -> [[UInt8]] {
  var small = TinyLlama().image()
  small.tensors = []
  let complete = small.encoded()
  small.shrinkVocabulary()
  var seeds = [small.encoded(), complete]
  var other = small
  other.set("tokenizer.ggml.add_bos_token", bool: true)
  other.set("tokenizer.ggml.add_eos_token", bool: true)
  other.set("tokenizer.ggml.token_type", int32s: [2, 3, 3, 4, 5, 1, 1, 1])
  other.set("general.name", string: "ab a<|im_end|>b \u{0301}é😀")
  seeds.append(other.encoded())
  // Every byte, so that any text comes back.
  other = small
  other.set(
    "tokenizer.ggml.tokens", strings: (TinyLlama.specials + TinyLlama.byteAlphabet).map { Array($0.utf8) })
  other.set("tokenizer.ggml.merges", strings: [])
  other.remove("tokenizer.ggml.token_type")
  seeds.append(other.encoded())
  let stages: Set<MalformedGGUF.Stage> = [.vocabulary, .template]
  for file in MalformedGGUF.all where stages.contains(file.stage) {
    // The header says it all; weights would only be in the way.
    guard let parsed = try? GGUFFile(ByteView(copying: file.bytes)) else { continue }
    var writer = GGUFWriter()
    for entry in parsed.entries { writer.set(entry.key, entry.value) }
    if let bytes = try? writer.encoded(), bytes.count <= 16384 { seeds.append(bytes) }
  }
  return seeds
}
