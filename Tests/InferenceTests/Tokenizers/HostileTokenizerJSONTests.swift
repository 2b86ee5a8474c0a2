import Testing
import Venturi

/// Files that are no tokenizers: each is refused with the place that is wrong.
struct HostileTokenizerJSONTests {
  /// A file from its parts; every part is sound unless said otherwise.
  private static func file(
    model: String = bpe(), added: String = "[]", normalizer: String = "null", pre: String = #"{"type":"ByteLevel"}"#,
    post: String = "null", decoder: String = #"{"type":"ByteLevel"}"#
  ) -> String {
    """
    {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(pre),"post_processor":\(post),\
    "decoder":\(decoder),"model":\(model)}
    """
  }

  private static func bpe(
    vocab: String = #"{"a":0,"b":1,"ab":2}"#, merges: String = #"["a b"]"#, more: String = ""
  ) -> String {
    #"{"type":"BPE","vocab":\#(vocab),"merges":\#(merges)\#(more)}"#
  }

  private static func unigram(_ vocab: String, more: String = #","unk_id":0"#) -> String {
    file(model: #"{"type":"Unigram","vocab":\#(vocab)\#(more)}"#, pre: "null", decoder: "null")
  }

  private static func nested(_ type: String, _ list: String, _ depth: Int, _ inner: String) -> String {
    (0..<depth).reduce(inner) { text, _ in #"{"type":"\#(type)","\#(list)":[\#(text)]}"# }
  }

  private static func added(_ entries: String...) -> String { "[" + entries.joined(separator: ",") + "]" }

  /// What is wrong, the file, and the part of the error that says where.
  private static let cases: [(String, String, String)] = [
    ("no object", "[]", "tokenizer.json"),
    ("a number", "3", "tokenizer.json"),
    ("no model", #"{"version":"1.0"}"#, "tokenizer.json: model"),
    ("a null model", #"{"model":null}"#, "tokenizer.json: model"),
    ("a model that is a list", #"{"model":[]}"#, "tokenizer.json: model"),
    ("two models", #"{"model":{},"model":{}}"#, "tokenizer.json"),
    ("an unknown model", file(model: #"{"type":"WordLevel","vocab":{}}"#), "model.type"),
    ("a model's type that is a number", file(model: #"{"type":1,"vocab":{}}"#), "model.type"),
    ("no vocabulary", file(model: #"{"type":"BPE","merges":[]}"#), "model.vocab"),
    ("an empty vocabulary", file(model: bpe(vocab: "{}", merges: "[]")), "model.vocab"),
    ("a vocabulary that is a list", file(model: bpe(vocab: "[]")), "model.vocab"),
    ("a vocabulary that is a text", file(model: bpe(vocab: #""a""#)), "model.vocab"),
    ("no merges", file(model: #"{"type":"BPE","vocab":{"a":0}}"#), "model.merges"),
    ("merges that are an object", file(model: bpe(merges: "{}")), "model.merges"),
    ("a token twice", file(model: bpe(vocab: #"{"a":0,"a":1}"#)), "model.vocab"),
    ("two tokens with one number", file(model: bpe(vocab: #"{"a":0,"b":0}"#)), "model.vocab"),
    ("a negative number", file(model: bpe(vocab: #"{"a":-1}"#)), "model.vocab"),
    ("a fraction", file(model: bpe(vocab: #"{"a":0.5}"#)), "model.vocab"),
    ("2^53 + 1", file(model: bpe(vocab: #"{"a":9007199254740993}"#)), "model.vocab"),
    ("2^64", file(model: bpe(vocab: #"{"a":18446744073709551616}"#)), "model.vocab"),
    ("a number as text", file(model: bpe(vocab: #"{"a":"0"}"#)), "model.vocab"),
    ("a number far behind", file(model: bpe(vocab: #"{"a":0,"b":2000000}"#)), "model.vocab"),
    ("the largest number and one", file(model: bpe(vocab: #"{"a":2097151}"#)), "model.vocab"),
    ("an empty token", file(model: bpe(vocab: #"{"":0,"a":1,"b":2,"ab":3}"#)), "tokenizer.json"),
    ("a space in a byte-level token", file(model: bpe(vocab: #"{"a b":0}"#, merges: "[]")), "tokenizer.json"),
    ("a merge of one part", file(model: bpe(merges: #"["ab"]"#)), "tokenizer.json"),
    ("a merge of an unknown part", file(model: bpe(merges: #"["a c"]"#)), "tokenizer.json"),
    ("a merge that makes nothing", file(model: bpe(merges: #"["b a"]"#)), "tokenizer.json"),
    ("a merge that is a number", file(model: bpe(merges: "[1]")), "model.merges[0]"),
    ("a merge of three", file(model: bpe(merges: #"[["a","b","c"]]"#)), "model.merges[0]"),
    ("a merge of numbers", file(model: bpe(merges: #"[["a",2]]"#)), "model.merges[0]"),
    ("a merge with an empty part", file(model: bpe(merges: #"[["a",""]]"#)), "model.merges[0]"),
    ("a suffix for words", file(model: bpe(more: #","end_of_word_suffix":"</w>""#)), "end_of_word_suffix"),
    ("a prefix", file(model: bpe(more: #","continuing_subword_prefix":"@@""#)), "continuing_subword_prefix"),
    ("dropout", file(model: bpe(more: #","dropout":0.1"#)), "dropout"),
    ("an unknown token that is none", file(model: bpe(more: #","unk_token":"x""#)), "unk_token"),
    ("flags that are numbers", file(model: bpe(more: #","byte_fallback":1"#)), "byte_fallback"),
    ("no added token's number", file(added: #"[{"content":"x"}]"#), "added_tokens[0].id"),
    ("no added token's text", file(added: #"[{"id":3}]"#), "added_tokens[0].content"),
    ("an empty added token", file(added: #"[{"id":3,"content":""}]"#), "added_tokens[0]"),
    ("an added token's number twice", file(added: #"[{"id":3,"content":"x"},{"id":3,"content":"y"}]"#), "[1]"),
    ("an added token's text twice", file(added: #"[{"id":3,"content":"x"},{"id":4,"content":"x"}]"#), "[1]"),
    ("an added token over another", file(added: #"[{"id":0,"content":"x"}]"#), "added_tokens[0]"),
    ("a token added elsewhere", file(added: #"[{"id":3,"content":"a"}]"#), "added_tokens[0]"),
    ("an added token's huge number", file(added: #"[{"id":9007199254740993,"content":"x"}]"#), "added_tokens[0].id"),
    ("a flag that is text", file(added: #"[{"id":3,"content":"x","lstrip":"yes"}]"#), "lstrip"),
    ("added tokens that are an object", file(added: "{}"), "added_tokens"),
    ("an unknown normalizer", file(normalizer: #"{"type":"Upper"}"#), "normalizer"),
    ("a normalizer without a type", file(normalizer: "{}"), "normalizer.type"),
    ("a normalizer that is a text", file(normalizer: #""NFC""#), "normalizer"),
    ("normalizers nested in each other", file(normalizer: nested("Sequence", "normalizers", 40, "null")), "nested"),
    ("an unknown expression", replace(#"{"Regex":"a+"}"#, "b"), "normalizer"),
    ("a replacement of nothing", replace(#"{"String":""}"#, "b"), "normalizer"),
    ("a replacement that grows", replace(#"{"String":"a"}"#, String(repeating: "a", count: 600)), "normalizer"),
    ("replacements that grow together", file(normalizer: growing(6)), "times as long"),
    ("too many normalizers", file(normalizer: nested("Sequence", "normalizers", 1, commas(composed, 33))), "many"),
    ("too many pre-tokenizers", file(pre: nested("Sequence", "pretokenizers", 1, commas(digits, 33))), "many"),
    ("a pattern of neither kind", replace("{}", "b"), "pattern"),
    ("a map that is no base64", file(normalizer: map("§")), "normalizer"),
    ("a map without a header", file(normalizer: map("AAA=")), "normalizer"),
    ("a map larger than it is", file(normalizer: map("/////wAAAAAA")), "normalizer"),
    ("a map without an end", file(normalizer: map("BAAAAAAAAABh")), "normalizer"),
    ("an unknown pre-tokenizer", file(pre: #"{"type":"UnicodeScripts"}"#), "pre_tokenizer"),
    ("pre-tokenizers nested", file(pre: nested("Sequence", "pretokenizers", 40, "null")), "nested"),
    ("a sequence without a list", file(pre: #"{"type":"Sequence"}"#), "pre_tokenizer.pretokenizers"),
    ("an unknown split", split(#"{"Regex":"(a+)+$"}"#, "Isolated"), "pre_tokenizer"),
    ("a split at a text", split(#"{"String":"a"}"#, "Isolated"), "pre_tokenizer"),
    ("an unknown behavior", split(#"{"Regex":"\\p{N}"}"#, "Removed"), "pre_tokenizer"),
    ("another mark", file(pre: #"{"type":"Metaspace","replacement":"_"}"#), "pre_tokenizer"),
    ("an unknown scheme", file(pre: #"{"type":"Metaspace","prepend_scheme":"last"}"#), "prepend_scheme"),
    ("an unknown decoder", file(decoder: #"{"type":"CTC"}"#), "decoder"),
    ("decoders nested", file(decoder: nested("Sequence", "decoders", 40, "null")), "nested"),
    ("a decoder that replaces", file(decoder: replacement(#"{"String":"a"}"#, "b")), "decoder"),
    ("an unknown post-processor", file(post: #"{"type":"X"}"#), "post_processor"),
    ("a template without the text", template(#"[{"SpecialToken":{"id":"a"}}]"#), "post_processor"),
    ("a template with the text twice", template(#"[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]"#), "single[1]"),
    ("a template's unknown token", template(#"[{"SpecialToken":{"id":"z"}},{"Sequence":{"id":"A"}}]"#), "single[0]"),
    ("a template's number behind", template(#"[{"SpecialToken":{"id":"b"}},{"Sequence":{"id":"A"}}]"#), "ids[0]"),
    ("a separator without a number", file(post: #"{"type":"BertProcessing","cls":["a",0],"sep":["b"]}"#), "sep"),
    ("a separator's number behind", file(post: #"{"type":"BertProcessing","cls":["a",0],"sep":["b",3]}"#), "sep[1]"),
    ("scores that are text", unigram(#"[["a","0"]]"#), "model.vocab[0][1]"),
    ("a pair of three", unigram(#"[["a",0,0]]"#), "model.vocab[0]"),
    ("an unknown number behind", unigram(#"[["a",0]]"#, more: #","unk_id":1"#), "unk_id"),
    ("a score beyond reason", unigram(#"[["a",1e300]]"#), "tokenizer.json"),
    ("WordPiece without an unknown token", wordPiece(#"{"a":0}"#, ""), "tokenizer.json"),
    ("WordPiece with another prefix", wordPiece(#"{"a":0}"#, #","continuing_subword_prefix":"@@""#), "model"),
    ("words without a limit", wordPiece(#"{"a":0}"#, #","max_input_chars_per_word":0"#), "max_input_chars"),
  ]

  private static func replace(_ pattern: String, _ content: String) -> String {
    file(normalizer: replacement(pattern, content))
  }

  private static func replacement(_ pattern: String, _ content: String) -> String {
    #"{"type":"Replace","pattern":\#(pattern),"content":"\#(content)"}"#
  }

  private static let composed = #"{"type":"NFC"}"#
  private static let digits = #"{"type":"Digits"}"#

  private static func commas(_ text: String, _ count: Int) -> String {
    Array(repeating: text, count: count).joined(separator: ",")
  }

  private static func growing(_ count: Int) -> String {
    nested("Sequence", "normalizers", 1, commas(replacement(#"{"String":"a"}"#, "aaaaaaaa"), count))
  }

  private static func map(_ text: String) -> String { #"{"type":"Precompiled","precompiled_charsmap":"\#(text)"}"# }

  private static func split(_ pattern: String, _ behavior: String) -> String {
    file(pre: #"{"type":"Split","pattern":\#(pattern),"behavior":"\#(behavior)"}"#)
  }

  private static func template(_ single: String) -> String {
    file(
      post: """
        {"type":"TemplateProcessing","single":\(single),"special_tokens":{"a":{"ids":[0]},"b":{"ids":[9]}}}
        """)
  }

  private static func wordPiece(_ vocab: String, _ more: String) -> String {
    file(model: #"{"type":"WordPiece","vocab":\#(vocab)\#(more)}"#, pre: "null", decoder: "null")
  }

  @Test func everyFileNamesItsFault() throws {
    #expect(Self.cases.count >= 60)
    #expect(try Tokenizer(tokenizer: JSON(parsing: Self.file())).encode("ab", addBoundaries: false) == [2])
    for (name, text, place) in Self.cases {
      do {
        _ = try Tokenizer(tokenizer: JSON(parsing: text))
        Issue.record("\(name) was taken")
      } catch let error as FormatError {
        #expect("\(error)".contains(place), "\(name): \(error)")
      }
    }
  }

  @Test func depthBombsStopAtTheParser() {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let text = String(repeating: open, count: 100_000) + String(repeating: close, count: 100_000)
      #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }
  }

  @Test func configurationsAreChecked() throws {
    let file = try JSON(parsing: Self.file())
    let wrong: [(String, String)] = [
      ("[]", "tokenizer_config.json"), (#"{"bos_token":1}"#, "bos_token"), (#"{"eos_token":{}}"#, "eos_token.content"),
      (#"{"add_bos_token":"yes"}"#, "add_bos_token"), (#"{"pad_token":{"content":3}}"#, "pad_token.content"),
      (#"{"bos_token":"a","bos_token":"b"}"#, "tokenizer_config.json"),
    ]
    for (text, place) in wrong {
      let error = #expect(throws: FormatError.self) {
        try Tokenizer(tokenizer: file, configuration: JSON(parsing: text))
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(place))
    }
    // A token that the vocabulary lacks plays no role.
    let tokenizer = try Tokenizer(
      tokenizer: file, configuration: ["bos_token": "a", "eos_token": "none", "add_bos_token": true],
      specialTokens: ["eos_token": ["content": "b"], "bos_token": "b"])
    #expect(tokenizer.encode("b") == [0, 1] && tokenizer.vocabulary.special.end == 1)
  }

  /// Long runs take time in proportion, whatever the kind.
  @Test(.timeLimit(.minutes(2)), arguments: ["llama2", "unigram", "xlnet", "bert", "roberta", "mistral", "cased"])
  func longRuns(name: String) throws {
    let tokenizer = try Tokenizer(tokenizer: TokenizerTexts.json("tokenizer/json/\(name).json"))
    for unit in ["a", " ", "ab", "é", "\u{301}", "가", "\n", "▁", "<", "\u{0}", "1", "!", "\u{3000}", "e\u{301}"] {
      let text = String(repeating: unit, count: 300_000 / unit.utf8.count)
      _ = tokenizer.encode(text)
    }
  }
}
