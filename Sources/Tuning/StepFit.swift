import CVenturi
import Costs
import Formats
import Inference
import Layers
import Models
import Planner
import Profiling
import Tensors

/// What an engine's steps cost with so many threads: measured at some sizes, and fitted by the Planner's calibration.
struct StepFit {
  let threads: Int
  let calibration: Calibration
  let iterations: RooflineIterations

  /// Measures and fits.
  ///
  /// - Throws: what the engine and the planner throw.
  init(_ engine: Engine, threads: Int) async throws {
    self.threads = threads
    let description = engine.model.description
    let shape = try Self.shape(description)
    let perWeight = Double(description.weightBytes) / Double(max(1, description.parameters))
    let precision: Precision = perWeight >= 2 ? .f32 : perWeight < 0.7 ? .int4 : .int8
    var widths = NumberWidths.mixed
    (widths.weights, widths.residual) = (perWeight, 4)
    let device = try Ceilings.measure(context: Context(threads: threads), bytes: 64 << 20, repeats: 5).device(
      name: "host", memoryBytes: 0, date: systemDate())
    var steps: [MeasuredStep] = []
    for size in Self.sizes where size.past + size.tokens <= description.contextLength {
      let seconds = try await engine.withModel { try Self.seconds($0, size) }
      let load = try Planner.Workload(sequences: size.sequences, tokens: size.tokens, past: size.past)
      steps.append(
        MeasuredStep(
          "\(size.sequences) × \(size.tokens) after \(size.past)",
          shape.forward(load, precision: precision, widths: widths, lastLogitsOnly: true), seconds: seconds,
          isFitted: true))
    }
    calibration = try Calibration(steps, on: device, source: ("steps of this engine", systemDate()))
    let runs = steps.first?.step.operators.reduce(0) { $0 + $1.count } ?? 0
    iterations = try RooflineIterations(
      shape, on: device, calibration.costs, precision: precision, widths: widths, mostTokens: 4096,
      overhead: calibration.overhead * Double(runs))
  }

  /// Sequences, tokens of each and tokens before them.
  struct Size {
    var sequences: Int
    var tokens: Int
    var past: Int
  }

  /// Prompts' parts, and tokens of several sequences at a usual depth.
  static let sizes =
    [16, 64, 128, 256].map { Size(sequences: 1, tokens: $0, past: 0) }
    + [Size(sequences: 1, tokens: 128, past: 256)]
    + [1, 2, 4, 8, 16, 32, 64].map { Size(sequences: $0, tokens: 1, past: 128) }

  /// The median of five steps after a first one.
  private static func seconds(_ model: any LanguageModel, _ size: Size) throws -> Double {
    let vocabulary = model.description.vocabularySize
    func tokens(_ count: Int, _ start: Int) -> [Int32] {
      (0..<count).map { Int32(((start + $0) &* 7919 &+ 13) % max(1, vocabulary)) }
    }
    func states() throws -> [any MixerState] {
      try (0..<size.sequences).map { number in
        let state = try model.makeState(capacity: size.past + size.tokens)
        if size.past > 0 {
          let run = TokenBatch.Run(state: state, tokens: tokens(size.past, number), logits: .none)
          _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
        }
        return state
      }
    }
    var all = try states()
    var seconds: [Double] = []
    for round in 0...5 {
      if round > 0, all.contains(where: { !$0.rewind(to: size.past) }) { all = try states() }
      let runs = all.enumerated().map { TokenBatch.Run(state: $1, tokens: tokens(size.tokens, $0), logits: .last) }
      let time = try TimingProtocol.time { _ = try model.evaluate(TokenBatch(runs), isCancelled: { false }) }
      if round > 0 { seconds.append(time) }
    }
    return Summary(seconds)?.median ?? 0
  }

  /// The model's sizes; whether it is gated and tied is what comes nearest to its number of weights.
  private static func shape(_ model: ModelDescription) throws -> TransformerShape {
    var best: TransformerShape?
    for (gated, tied) in [(true, true), (true, false), (false, true), (false, false)] {
      let shape = try TransformerShape(
        name: model.name, layers: model.layers, width: model.width, heads: model.heads, kvHeads: model.kvHeads,
        headDim: model.headDim, feedForward: model.feedForward, gated: gated, vocabulary: model.vocabularySize,
        tied: tied, biased: false, positions: .rotary)
      func off(_ shape: TransformerShape) -> Int { abs(shape.parameters - model.parameters) }
      if best.map({ off(shape) < off($0) }) ?? true { best = shape }
    }
    guard let best else { throw ProfilingError.invalidSetting(field: "model", problem: "its sizes are not known") }
    return best
  }

  var json: JSON {
    [
      "threads": .integer(threads), "products": .rounded(calibration.products),
      "attention": .rounded(calibration.attention), "memory": .rounded(calibration.memory),
      "overheadSeconds": .rounded(calibration.overhead),
      "steps": .array(
        calibration.fitted.map {
          ["name": .string($0.name), "measured": .rounded($0.published), "predicted": .rounded($0.predicted)]
        }),
    ]
  }
}
