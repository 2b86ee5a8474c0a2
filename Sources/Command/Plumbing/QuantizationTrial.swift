import Compression
import Profiling
import Venturi

/// Measures quantised models beside their source: quality on a text, and speed in turns.
struct QuantizationTrial {
  /// One model's figures.
  struct Row {
    var type: String
    /// Whether it is the source, the result, or beside them.
    var role: String
    var bytes: Int
    var bitsPerWeight: Double
    var quality: Divergence?
    /// Tokens a second.
    var prefill: Summary?
    var decode: Summary?
  }

  /// Prompt and generation of a turn.
  static let tests = [ModelTest(.prefill, tokens: 256), ModelTest(.decode, tokens: 32)]
  private let evaluation: Evaluation
  private let path: String
  private let windows: Int
  private let threads: Int?
  private let check: () throws -> Void
  /// What the text is called.
  let textName: String

  /// - Throws: what reading the source throws.
  init(
    source: String, text: [UInt8]?, name: String?, windows: Int, threads: Int?, check: @escaping () throws -> Void
  ) throws {
    path = source
    evaluation = try Evaluation(
      bytes: text ?? Array(SampleText.prose.utf8), path: source,
      options: EngineOptions(threads: threads, profile: .none))
    textName = name ?? "the program's own prose"
    self.windows = windows
    self.threads = threads
    self.check = check
  }

  /// The rows of the source, of the result at `target` and of other recipes, which are made for the purpose; smaller ones
  /// last.
  ///
  /// - Throws: what quantising, loading and evaluating throw.
  func measure(
    quantizer: ModelQuantizer, target: String, beside recipes: [QuantizationRecipe]
  ) throws -> QuantizeReport.Trial {
    let folder = try TemporaryPlace()
    defer { withExtendedLifetime(folder) {} }
    let progress = ProgressBar("report")
    defer { progress.finish() }
    let source = quantizer.checkpoint
    let count = Double(max(1, quantizer.plan.parameters))
    func bits(_ checkpoint: Checkpoint) -> Double {
      Double(checkpoint.tensors.reduce(0) { $0 + $1.byteCount }) * 8 / count
    }
    var places = [(path: path, type: Self.types(source), role: "source")]
    places.append((target, quantizer.options.recipe.rawValue, "result"))
    for recipe in recipes {
      var options = QuantizationOptions(recipe: recipe)
      options.importance = quantizer.options.importance
      options.allowsRequantizing = quantizer.options.allowsRequantizing
      let file = "\(folder.path)/\(recipe.rawValue).gguf"
      _ = try Quantize.write(try ModelQuantizer(source, options: options), to: file, threads: threads, check)
      places.append((file, recipe.rawValue, "beside"))
    }
    let reference = try evaluation.load(compute: .f32)
    var rows: [Row] = []
    for place in places {
      let checkpoint = try Checkpoint(path: place.path)
      let model = try evaluation.load(checkpoint, compute: .fast)
      let quality = try Divergence(
        evaluation.tokens, beginning: evaluation.beginning, reference: reference, model: model,
        context: evaluation.context, limit: windows
      ) { window, kl in progress.show("\(place.type), window \(window), KL \(Human.fixed(kl, 5))") }
      try check()
      rows.append(
        Row(
          type: place.type, role: place.role, bytes: checkpoint.fileBytes, bitsPerWeight: bits(checkpoint),
          quality: quality))
    }
    try time(places.map(\.path), into: &rows, progress)
    rows[1...].sort { ($0.bytes, $0.type) > ($1.bytes, $1.type) }
    return QuantizeReport.Trial(text: textName, rows: rows)
  }

  /// Speeds, all models in turns.
  private func time(_ paths: [String], into rows: inout [Row], _ progress: ProgressBar) throws {
    let contestants = try paths.map { path in
      try ModelContestant(
        model: evaluation.load(Checkpoint(path: path), compute: .fast, rows: 1, stepTokens: ModelContestant.chunk),
        capacity: 512)
    }
    for test in Self.tests {
      progress.show("speed, \(test.name)")
      let outcomes = try TimingProtocol(warmUps: 1, pairs: 5).run(
        zip(contestants, paths).map { contestant, path in
          TimingProtocol.Contestant(path) {
            try check()
            return try contestant.turn(test)
          }
        })
      for (index, outcome) in outcomes.enumerated() {
        let speed = Summary(outcome.seconds.map { Double(test.tokens) / $0 })
        if test.kind == .prefill { rows[index].prefill = speed } else { rows[index].decode = speed }
      }
    }
  }

  /// The type that most of a model's weights have.
  static func types(_ checkpoint: Checkpoint) -> String {
    var bytes: [DType: Int] = [:]
    for tensor in checkpoint.tensors { bytes[tensor.dtype, default: 0] += tensor.byteCount }
    return bytes.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key.displayName ?? "none"
  }
}
