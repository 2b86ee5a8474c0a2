/// The way a model family cuts text into words before pairs are merged; merging never crosses the end of a word.
public struct PreTokenizer: Sendable, Equatable {
  /// The way's name, as in `tokenizer.ggml.pre`.
  public let name: String
  /// Cuts, one after the other: each cuts the pieces that the last one left.
  let rules: [SplitRule]
  /// Whether a word that is a token becomes it, whatever merges lead to.
  let takesWholeWords: Bool
  /// Whether texts start with the beginning token where the file does not say.
  public let addsBeginning: Bool

  init(name: String, rules: [SplitRule], takesWholeWords: Bool = false, addsBeginning: Bool = false) {
    self.name = name
    self.rules = rules
    self.takesWholeWords = takesWholeWords
    self.addsBeginning = addsBeginning
  }

  /// Finds the way by its name in `tokenizer.ggml.pre`.
  ///
  /// - Throws: ``TextError/unsupportedPreTokenizer(name:)``.
  public init(name: String) throws(TextError) {
    guard let known = PreTokenizer.known.first(where: { $0.names.contains(name) }) else {
      throw .unsupportedPreTokenizer(name: name)
    }
    self.init(
      name: name, rules: known.rules, takesWholeWords: known.wholeWords, addsBeginning: known.beginning)
  }

  /// The first name of the way with these rules, if there is one.
  package static func name(of rules: [SplitRule], takesWholeWords: Bool) -> String? {
    // Steps that come to one of ours.
    let rules = rules == [.numbers(1), .gpt2] ? [.gpt2SingleNumbers] : rules
    return known.first { $0.rules == rules && $0.wholeWords == takesWholeWords }?.names.first
  }

  /// Every name that is known.
  public static var names: [String] { known.flatMap(\.names) }
}

extension PreTokenizer {
  /// A way and the names that it goes by.
  private struct Known {
    var names: [String]
    var rules: [SplitRule]
    var wholeWords = false
    var beginning = false
  }

  /// Rules by name, as llama.cpp assigns them. Where its regular expressions only come close to those of a family's own
  /// tokenizer, the latter's hold: `tekken` and `gpt-4o` know all capitals here, and marks.
  private static let known = [
    Known(
      names: [
        "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
        "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion", "granite-docling", "jina-v1-en", "jina-v2-code",
        "roberta-bpe",
      ], rules: [.gpt2]),
    Known(
      names: ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
      rules: [.gpt2SingleNumbers]),
    Known(
      names: [
        "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
      ], rules: [.words(WordStyle())], wholeWords: true, beginning: true),
    Known(names: ["glm4", "glm5"], rules: [.words(WordStyle())], wholeWords: true),
    Known(names: ["dbrx", "smaug-bpe", "chatglm-bpe"], rules: [.words(WordStyle())]),
    Known(
      names: [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2",
        "bailingmoe", "bailingmoe2", "llada-moe",
      ], rules: [.words(WordStyle(numbers: 1))]),
    Known(names: ["qwen35"], rules: [.words(WordStyle(numbers: 1, marks: true))]),
    Known(names: ["ufakzeka"], rules: [.words(WordStyle(contractions: false, numbers: 1))]),
    Known(names: ["seed-coder"], rules: [.words(WordStyle(numbers: 1, lineEnds: false))]),
    Known(names: ["minicpm5"], rules: [.numbers(3), .words(WordStyle(numbers: 0))], wholeWords: true),
    Known(names: ["laguna"], rules: [.lineFeedRuns, .words(WordStyle(numbers: 1))]),
    Known(
      names: ["tekken"], rules: [.casedWords(WordStyle(contractions: false, numbers: 1, slashes: true))],
      wholeWords: true, beginning: true),
    Known(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], rules: [.casedWords(WordStyle(slashes: true))]),
    Known(
      names: ["deepseek-llm"],
      rules: [
        .lineEnds, .runs(.deepSeekLetters, leadingSpace: true), .runs(.deepSeekPunctuation, leadingSpace: true),
        .trailingSpace, .runs(.deepSeekIdeographs, leadingSpace: false), .numbers(0),
      ]),
    Known(
      names: ["deepseek-coder"],
      rules: [
        .lineEnds, .classRuns(UnicodeClasses.letter), .classRuns(UnicodeClasses.punctuation),
        .runs(.deepSeekIdeographs, leadingSpace: false), .numbers(1),
      ]),
    Known(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
      rules: [.numbers(3), .runs(.ideographsAndKana, leadingSpace: false), .deepSeekWords]),
    Known(names: ["falcon"], rules: [.punctuationRuns(backtick: true), .gpt2, .threeDigits]),
    Known(names: ["default"], rules: [.punctuationRuns(backtick: false), .gpt2, .numbers(0), .threeDigits]),
    Known(names: ["bloom", "poro-chat", "gpt3-finnish"], rules: [.bloomWords]),
    Known(names: ["viking"], rules: [.bloomWords, .numbers(1)]),
  ]
}
