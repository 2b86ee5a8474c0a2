// A Hugging Face folder's tokenizer.json: whatever it says, there is an error that names the file, or a tokenizer whose ids
// are all in its vocabulary, whose plain text holds no control token, and whose stream is its text.
import Formats
import Inference
import Text

func check(_ bytes: UnsafeRawBufferPointer) {
  guard let json = try? JSON(parsing: Array(bytes)) else { return }
  do throws(FormatError) {
    let description = try HuggingFaceTokenizer(tokenizer: json).description
    let tokenizer = try Tokenizer(tokenizer: json)
    let texts = [Array("the  Water <s>in\u{301} \u{FB01}l▁er\n가[MASK] 12".utf8), Array(bytes.prefix(256))]
    for text in texts { encode(text, tokenizer) }
    // What can be said in GGUF's words is sound there.
    if let entries = try? description.ggufEntries() {
      var writer = GGUFWriter()
      for (key, value) in entries { writer.set(key, value) }
      guard let image = try? writer.encoded(), (try? Tokenizer(GGUFFile(ByteView(copying: image)))) != nil else {
        fatalError("refused in GGUF's words")
      }
    }
  } catch {
    guard error.field.hasPrefix("tokenizer.json"), !error.description.isEmpty else { fatalError("no place: \(error)") }
  }
}

private func encode(_ text: [UInt8], _ tokenizer: Tokenizer) {
  let vocabulary = tokenizer.vocabulary
  for parseSpecial in [false, true] {
    let tokens = tokenizer.encode(bytes: text, parseSpecial: parseSpecial, addBoundaries: false)
    guard let shown = try? tokenizer.decode(tokens) else { fatalError("\(tokens) are not all in the vocabulary") }
    var stream = StreamingDetokenizer(vocabulary: vocabulary)
    var pieces = ""
    for token in tokens { pieces += (try? stream.append(token)) ?? "" }
    pieces += stream.finish()
    guard pieces.utf8.elementsEqual(shown.utf8) || pieces.utf8.elementsEqual((" " + shown).utf8) else {
      fatalError("\(tokens) stream as \(pieces), not \(shown)")
    }
    if parseSpecial { continue }
    for token in tokens where (try? vocabulary.type(of: token)) == .control {
      // What a vocabulary cannot express is its unknown token, which may be a control token.
      if Int(token) != vocabulary.special.unknown { fatalError("plain text gave the control token \(token)") }
    }
  }
}

func seeds() -> [[UInt8]] {
  func file(_ model: String, _ rest: String) -> [UInt8] { Array("{\"model\":\(model),\(rest)}".utf8) }
  let added = #"[{"id":0,"content":"<s>","special":true},{"id":7,"content":"in","normalized":true,"lstrip":true}]"#
  return [
    file(
      #"{"type":"BPE","vocab":{"<s>":0,"a":1,"b":2,"ab":3,"Ġ":4,"t":5,"h":6,"in":7},"merges":["a b"],"ignore_merges":true}"#,
      """
      "added_tokens":\(added),"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[\
      {"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true}]},\
      "decoder":{"type":"ByteLevel"},"post_processor":{"type":"RobertaProcessing","cls":["<s>",0],"sep":["b",2]}
      """),
    file(
      #"{"type":"BPE","byte_fallback":true,"unk_token":"<s>","vocab":{"<s>":0,"▁":1,"a":2,"<0x61>":3,"▁a":4},"merges":[["▁","a"]]}"#,
      """
      "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},\
      {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"decoder":{"type":"Sequence","decoders":[\
      {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
      """),
    file(
      #"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["▁",-2.5],["a",-3],["▁a",-4.5],["er",-1]]}"#,
      """
      "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Lowercase"},\
      {"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},\
      "pre_tokenizer":{"type":"Metaspace","prepend_scheme":"first"},"decoder":{"type":"Metaspace"}
      """),
    file(
      ###"{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"th":1,"##e":2,"water":3,"[CLS]":4}}"###,
      """
      "added_tokens":[{"id":4,"content":"[CLS]","special":true,"single_word":true}],\
      "normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},\
      "decoder":{"type":"WordPiece"},"post_processor":{"type":"TemplateProcessing","single":[\
      {"SpecialToken":{"id":"[CLS]"}},{"Sequence":{"id":"A"}}],"special_tokens":{"[CLS]":{"ids":[4]}}}
      """),
  ]
}
