import Costs
import Planner
import Profiling
import Venturi

extension LongContextPeakAnalysis {
  /// What the measures on the engine are called where the model is not there.
  static let engineNames = [
    "operations of a prefill", "sessions in files", "keys and values in 8 bits", "six users with memory for three",
  ]

  /// A device for formulas that ask for none.
  static var unit: Device {
    func figure(_ value: Double) -> Figure { Figure(value, source: "unit", date: "") }
    return Device(name: "unit", compute: [.f32: figure(1)], memory: figure(1e18), bandwidth: figure(1))
  }

  /// The engine's own counts, transfers and sessions.
  ///
  /// - Throws: what the engine throws; `PlannerError`; `CancellationError`.
  func engine(_ conditions: RunConditions, path: String) async throws -> [Measure] {
    var measures = try operations(conditions, path: path)
    let context = conditions.quick ? 512 : 2048
    let load = try SessionLoad(
      users: 6, questions: 2, context: context, answer: conditions.quick ? 16 : 64,
      thinking: conditions.quick ? 1 : 8)
    let longest = context + load.questions * load.answer + 32
    let turns = conditions.quick ? 3 : 7
    let half = try SessionSwap(path, cache: .f16, longest: longest, conditions)
    let halves = try await half.transfers(context: context, turns: turns)
    measures += try Self.transfers(halves, "f16", context: context)
    measures += try await sessions(conditions, half, load, halves)
    let eighth = try await SessionSwap(path, cache: .q8, longest: longest, conditions)
      .transfers(context: context, turns: turns)
    measures += try Self.transfers(eighth, "q8", context: context)
    measures += try Self.compared(eighth, halves, context: context)
    measures.append(try perplexity(conditions, path: path))
    return measures
  }

  /// Products and attention of a prefill as the engine records them, beside the formula: once with logits for every token, as the
  /// formula counts, and once with those of the last, as a prefill is served.
  private func operations(_ conditions: RunConditions, path: String) throws -> [Measure] {
    let count = conditions.quick ? 512 : 2048
    try conditions.next("operations of a prefill of \(count) tokens")
    let context = Context(threads: conditions.threads)
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(contextLength: count, logitRows: 256), context: context)
    let tokens = DecoderTimer.tokens(try Tokenizer(loaded.checkpoint), atLeast: count)
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    func flops(_ rows: TokenBatch.LogitRows) throws -> Double {
      let state = try loaded.model.makeState(capacity: count)
      let recorder = OperatorRecorder()
      var sum = 0.0
      for start in stride(from: 0, to: count, by: 256) {
        let end = min(start + 256, count)
        recorder.clear()
        // The last chunk's last row is the one that a prefill ends with.
        let logits = rows == .all ? rows : end == count ? .last : .none
        let batch = TokenBatch([.init(state: state, tokens: Array(tokens[start..<end]), logits: logits)])
        _ = try context.recording(into: recorder) {
          try loaded.model.evaluate(batch, isCancelled: conditions.isCancelled)
        }
        let kinds: Set<OperatorKind> = [.linear, .matmul, .attention]
        sum += recorder.records.filter { kinds.contains($0.operator.kind) }.reduce(0) {
          $0 + ($1.cost?.total.flops ?? 0)
        }
      }
      return sum
    }
    func measure(_ name: String, _ rows: TokenBatch.LogitRows, active: Double) throws -> Measure {
      let model = try LongContextModel(
        name: shape.name, parameters: Double(shape.parameters), activeParameters: active, layers: shape.layers,
        width: shape.heads * shape.headDim, kvHeads: shape.kvHeads, headDim: shape.headDim)
      let formula = try LongContextAnalysis(model, on: Self.unit, precision: .f32).prefillOperations(count)
      let counted = try flops(rows)
      return Measure(
        "SmolLM2: operations of a prefill of \(count) tokens, \(name): the formula's error", unit: "%",
        ours: Summary([100 * abs(formula / counted - 1)]), peer: Summary([counted]),
        peerName: "operations that the engine recorded", target: .atMost(1, .ours))
    }
    let all = Double(shape.parameters)
    return [
      try measure("logits of every token, P all weights", .all, active: all),
      try measure(
        "logits of the last, P without the head", .last, active: all - Double(shape.vocabulary * shape.width)),
    ]
  }

  /// The measured seconds of a session's way out and back beside bytes through the disk's rate, which plain files of the same
  /// turns give.
  private static func transfers(
    _ found: SessionSwap.Transfers, _ cache: String, context: Int
  ) throws -> [Measure] {
    let formula = try keyValueBytes(context, bits: cache == "q8" ? 8.5 : 16)
    func measure(_ name: String, _ ours: [Double], _ plain: [Double]) throws -> [Measure] {
      let rate = Double(found.bytes) / (try RunConditions.summary(plain).median)
      let predicted = formula / rate
      let errors = ours.map { 100 * abs(predicted / $0 - 1) }
      return [
        Measure(
          "\(name) of \(context) tokens, \(cache), \(found.bytes) bytes", unit: "s", ours: Summary(ours),
          peer: Summary(plain), peerName: "a plain file of that size", ratio: RatioEstimate(ours: ours, theirs: plain)),
        Measure(
          "\(name), \(cache): error of kv/B_disk, \(scientific(rate / 1e6, digits: 3)) MB/s", unit: "%",
          ours: Summary(errors), target: cache == "f16" ? .atMost(15, .ours) : nil),
      ]
    }
    return try measure("writing a session", found.out, found.plainOut)
      + measure("reading a session", found.back, found.plainBack) + [
        Measure(
          "a session that comes back from a file goes on with the same bits, \(cache) (1 is yes)", unit: "",
          ours: Summary([found.isEqual ? 1 : 0]), target: .atLeast(1, .ours))
      ]
  }

  /// 2·L·n_kv·d_h·e·c of the default model.
  private static func keyValueBytes(_ context: Int, bits: Double) throws -> Double {
    let model = try LongContextModel(try ModelCatalogue.published.entry("smollm2").shape, weightBytes: 1)
    return try LongContextAnalysis(
      model, on: unit, precision: .f32, compression: try KeyValueCompression(bits: bits)
    ).keyValueBytes(context)
  }

  /// What 8 bits change: users that fit, and the seconds of a switch.
  private static func compared(
    _ eighth: SessionSwap.Transfers, _ half: SessionSwap.Transfers, context: Int
  ) throws -> [Measure] {
    let (fewer, more) = (Double(eighth.bytes), Double(half.bytes))
    func switching(_ found: SessionSwap.Transfers) -> [Double] { zip(found.out, found.back).map { $0 + $1 } }
    return [
      Measure(
        "users in the same memory, q8 by f16: each vector of 64 has a scale of 32 bits, 8.5 bits a number", unit: "",
        ours: Summary([more / fewer]), target: .atLeast(2, .ours)),
      Measure(
        "a switch, out and back, of \(context) tokens: f16 by q8", unit: "s", ours: Summary(switching(eighth)),
        peer: Summary(switching(half)), peerName: "f16",
        ratio: RatioEstimate(ours: switching(eighth), theirs: switching(half)), target: .atLeast(1.8)),
    ]
  }

  /// What 8 bits of keys and values do to the prediction of a text.
  private func perplexity(_ conditions: RunConditions, path: String) throws -> Measure {
    let book = (try? PulledData.kingJames()).flatMap { try? readWholeFile($0) }
    let text = book.map { String(decoding: $0.prefix(1 << 17), as: UTF8.self) } ?? SampleText.prose
    let windows = conditions.quick ? 2 : 24
    var found: [Double] = []
    for cache in [CacheType.f16, .q8] {
      try conditions.next("perplexity, \(cache.rawValue)")
      let context = Context(threads: conditions.threads)
      let loaded = try ModelLoader.load(
        path: path, options: LoadOptions(cache: cache, contextLength: TextScore.window, logitRows: TextScore.rows),
        context: context)
      let tokenizer = try Tokenizer(loaded.checkpoint)
      let special = tokenizer.vocabulary.special
      let score = try TextScore(
        tokenizer.encode(text, parseSpecial: false),
        beginning: special.addsBeginning ? special.beginning.map { Int32($0) } : nil, model: loaded.model,
        context: context, limit: windows)
      found.append(score.perplexity)
    }
    return Measure(
      "perplexity with keys and values in q8 over that with f16, \(book == nil ? "sample" : "King James") text",
      unit: "%",
      ours: Summary([100 * (found[1] / found[0] - 1)]), peer: Summary([found[0]]), peerName: "perplexity with f16",
      target: .atMost(1, .ours))
  }

  /// Six users with memory for three, simulated by what single operations take, and run.
  private func sessions(
    _ conditions: RunConditions, _ swap: SessionSwap, _ load: SessionLoad, _ transfers: SessionSwap.Transfers
  ) async throws -> [Measure] {
    let room = 3
    let times = try await swap.times(context: load.context, most: room, steps: load.answer)
    let rate = Double(transfers.bytes)
    let plain = (
      out: try RunConditions.summary(transfers.plainOut).median / rate,
      back: try RunConditions.summary(transfers.plainBack).median / rate
    )
    // The simulation knows one direction's seconds: the mean of both.
    let transfer = try Self.keyValueBytes(load.context, bits: 16) * (plain.out + plain.back) / 2
    func step(_ users: Int) -> Double { times.steps[min(users, times.steps.count) - 1] }
    let predicted = try SessionSimulation(load, users: room, prefill: times.prefill, transfer: transfer, step: step)
      .run()
    try conditions.next("\(load.users) users, memory for \(room)")
    let run = try await SessionRun(swap: swap, load: load, room: room, step: step, conditions: conditions).run()
    func listed(_ prefill: Double, _ decode: Double, _ switching: Double) -> String {
      [prefill, decode, switching].map { scientific($0, digits: 3) }.joined(separator: ", ")
    }
    let parts = listed(
      predicted.busy[.prefill] ?? 0, predicted.busy[.decode] ?? 0, predicted.busy[.contextSwitch] ?? 0)
    return [
      Measure(
        "\(load.users) users, memory for \(room), \(load.questions) questions each, \(load.context) tokens, answers of "
          + "\(load.answer), \(scientific(load.thinking)) s between them, \(run.evictions) put out; prefill, decode and switch "
          + "\(listed(run.prefill, run.decode, run.switching)) s, predicted \(parts) s, \(predicted.evictions) put out",
        unit: "s", ours: Summary([run.seconds]), peer: Summary([predicted.seconds]), peerName: "simulated"),
      Measure(
        "error of the simulated time of that run", unit: "%",
        ours: Summary([100 * abs(predicted.seconds / run.seconds - 1)]), target: .atMost(15, .ours)),
    ]
  }
}
