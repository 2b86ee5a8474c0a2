import Catalogue
import Planner
import Profiling
import Venturi

/// Two stages of this engine: a filter reads the first tokens of each text, and answers are generated to the texts that it keeps.
///
/// Texts come in blocks. The filter keeps those whose tokens are the least surprising, one of so many of each block, as a trigger does
/// that must send at a constant rate.
struct EnginePipeline {
  /// What the filter does.
  struct Setting {
    /// How many tokens it reads; none for no filter.
    var tokens: Int
    /// Texts of which it keeps one.
    var reduction: Int

    var name: String {
      tokens == 0 ? "no filter" : "\(tokens) tokens are read, one of \(reduction) kept"
    }
  }

  /// A text.
  struct Text {
    var tokens: [Int32]
    var bytes: Int
    /// Whether its words are in the order in which they were written.
    var isWritten: Bool
  }

  /// What a stage took.
  struct Cost {
    var seconds = 0.0
    var joules = 0.0
    var isMeasured = true
    var texts = 0

    var perText: (seconds: Double, joules: Double) {
      (seconds / Double(max(1, texts)), joules / Double(max(1, texts)))
    }
  }

  /// Texts of a block, texts that are computed at once, and tokens of an answer.
  static let (block, group, answer) = (32, 8, 24)

  private let model: any LanguageModel
  private let tokenizer: Tokenizer
  private let conditions: RunConditions
  private let meter = EnergyMeter()

  /// The pipeline with the model at `path`.
  ///
  /// - Throws: what the engine throws.
  init(_ path: String, _ conditions: RunConditions) throws {
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(contextLength: 512), context: Context(threads: conditions.threads))
    (model, tokenizer, self.conditions) = (loaded.model, try Tokenizer(loaded.checkpoint), conditions)
  }

  // MARK: Texts

  /// Windows of the program's own prose and of what the catalogue says of every second system, three of four with their words in any
  /// order: so many to measure the stages on, and so many others.
  func texts(_ count: Int, isHeldOut: Bool) -> [Text] {
    let entries = Catalogue.entries.map { "\($0.name). \($0.summary)" }
    let paragraphs = SampleText.prose.split(separator: "\n").map(String.init).filter { !$0.isEmpty } + entries
    let half = paragraphs.indices.filter { $0.isMultiple(of: 2) != isHeldOut }.map { paragraphs[$0] }
    let words = half.joined(separator: " ").split(separator: " ").map(String.init)
    var random = Random(seed: isHeldOut ? 2 : 1, stream: 90)
    return (0..<count).map { index in
      let start = index * (words.count - 48) / max(1, count)
      var window = Array(words[start..<start + 48])
      let isWritten = index.isMultiple(of: 4)
      if !isWritten { window.shuffle(using: &random) }
      let text = window.joined(separator: " ")
      return Text(tokens: Array(tokenizer.encode(text)), bytes: text.utf8.count, isWritten: isWritten)
    }
  }

  // MARK: Stages

  /// How little the first tokens of each text surprise the model: the mean by which the logit of one that follows lies below the
  /// likeliest's.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func scores(_ texts: [Text], tokens: Int) throws -> [Double] {
    var scores: [Double] = []
    for start in stride(from: 0, to: texts.count, by: Self.group) {
      let group = texts[start..<min(start + Self.group, texts.count)]
      let runs = try group.map { text in
        TokenBatch.Run(
          state: try model.makeState(capacity: tokens), tokens: Array(text.tokens.prefix(tokens)), logits: .all)
      }
      let logits = try model.evaluate(TokenBatch(runs), isCancelled: conditions.isCancelled)
      for (run, rows) in zip(runs, logits.rows) {
        var sum = 0.0
        for (row, next) in zip(rows, run.tokens.dropFirst()) {
          let values = logits.row(row)
          sum += Double(values[Int(next)] - values[logits.likeliest(row)])
        }
        scores.append(sum / Double(max(1, run.tokens.count - 1)))
      }
    }
    return scores
  }

  /// Generates the answers to texts, so many at a time.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func generate(_ texts: [Text]) throws {
    for start in stride(from: 0, to: texts.count, by: Self.group) {
      let group = texts[start..<min(start + Self.group, texts.count)]
      let states = try group.map { try model.makeState(capacity: $0.tokens.count + Self.answer) }
      var next = group.map(\.tokens)
      for _ in 0..<Self.answer {
        let runs = zip(states, next).map { TokenBatch.Run(state: $0, tokens: $1, logits: .last) }
        let logits = try model.evaluate(TokenBatch(runs), isCancelled: conditions.isCancelled)
        next = runs.indices.map { [Int32(logits.likeliest($0))] }
      }
    }
  }

  /// The places of the texts of a block that a setting keeps.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func kept(_ texts: [Text], _ setting: Setting) throws -> [Int] {
    guard setting.tokens > 0 else { return Array(texts.indices) }
    let scores = try scores(texts, tokens: setting.tokens)
    return texts.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(texts.count / setting.reduction).sorted()
  }

  /// Adds what `body` takes for so many texts.
  ///
  /// - Throws: what `body` throws.
  func measure(_ texts: Int, into cost: inout Cost, _ body: () throws -> Void) rethrows {
    let mark = meter.mark()
    cost.seconds += try TimingProtocol.time(body)
    let reading = meter.reading(since: mark)
    cost.joules += reading.joules
    cost.isMeasured = cost.isMeasured && reading.isMeasured
    cost.texts += texts
  }

  // MARK: Prediction

  /// The pipeline as a graph whose nodes take `filter` and `answer` of something for each text: seconds of the engine, or joules.
  ///
  /// - Parameters:
  ///   - setting: the filter.
  ///   - bytes: of a text.
  ///   - scores: the filter's, of written texts and of others, for its threshold.
  ///   - filter: what it takes for a text.
  ///   - answer: what an answer takes.
  /// - Throws: `PlannerError`.
  static func graph(
    _ setting: Setting, bytes: Double, scores: (negative: [Double], positive: [Double]), filter: Double, answer: Double
  ) throws(PlannerError) -> PipelineGraph {
    let source = PipelineNode("texts", bytes: bytes, rate: rate)
    let last = PipelineNode("answers", complexity: .init(1), joulesPerOperation: answer / bytes)
    guard setting.tokens > 0 else {
      return try PipelineGraph([source, last], links: [PipelineLink(from: "texts", to: "answers")])
    }
    let stage = PipelineNode(
      "filter",
      classifier: .scores(negative: scores.negative.sorted(), positive: scores.positive.sorted(), boost: 0),
      reduction: Double(setting.reduction), complexity: .init(1), joulesPerOperation: filter / bytes)
    return try PipelineGraph(
      [source, stage, last],
      links: [PipelineLink(from: "texts", to: "filter"), PipelineLink(from: "filter", to: "answers")])
  }

  /// Texts a second at the graph's source: many, since the graph counts whole ones.
  static let rate = 1e6
}
