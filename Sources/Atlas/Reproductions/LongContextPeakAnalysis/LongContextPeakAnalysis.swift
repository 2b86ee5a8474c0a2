import Costs
import NumericTypes
import Planner
import Plots
import Profiling

/// Challenges in Deploying Long-Context Transformers: A Theoretical Peak Performance Analysis, 2024, arXiv 2405.08944.
///
/// The formulas beside sums and a schedule by hand; the default model's prefill and decode times from two fitted constants.
public struct LongContextPeakAnalysis: Reproduction {
  /// The sheet's number.
  public static let number = 71

  /// What the sheet asks for beyond this.
  public static let unbuilt = ["its measured half has not run on a quiet machine yet"]

  /// The experiment.
  public init() {}

  /// The paper's running example.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try LongContextPrediction.predictions() }

  /// The formulas.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    try conditions.next("check: formulas and schedules")
    return [
      try Check("causal operations within 0.1 % of a sum over all pairs") { try Self.pairs() },
      try Check("with room for all, sessions take the closed form's time") { try Self.closedForm() },
      try Check("users, answers and memory are conserved over random sessions") { try Self.conservation() },
      try Check("a model larger than the memory does not fit") { try Self.tooLarge() },
    ]
  }

  private static func pairs() throws -> (passed: Bool, detail: String) {
    let device = try DeviceCatalogue.published.device("A100")
    let model = try LongContextModel(name: "m", parameters: 1e6, layers: 3, width: 64, kvHeads: 1, headDim: 16)
    let context = 4096
    let sum = (1...context).reduce(2e6 * Double(context)) { $0 + 4 * 3 * 64 * Double($1) }
    let error = try LongContextAnalysis(model, on: device).prefillOperations(context) / sum - 1
    return (abs(error) < 0.001, "off by \(scientific(error))")
  }

  private static func closedForm() throws -> (passed: Bool, detail: String) {
    var worst = 0.0
    for users in 1...12 {
      let load = try SessionLoad(users: users, questions: 3, context: 10, answer: 250)
      let report = try SessionSimulation(load, users: users, prefill: 2, transfer: 1) { 0.03 + 0.001 * Double($0) }
        .run()
      let seconds = 2 * Double(users) + 750 * (0.03 + 0.001 * Double(users))
      worst = max(worst, abs(report.seconds / seconds - 1))
    }
    return (worst < 1e-9, "12 loads, largest error \(scientific(worst))")
  }

  private static func conservation() throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 5)
    var (holds, evictions) = (true, 0)
    for _ in 0..<300 {
      let users = 1 + Int(random.uniform() * 8)
      let room = 1 + Int(random.uniform() * 8)
      let load = try SessionLoad(
        users: users, questions: 1 + Int(random.uniform() * 3), context: 10, answer: 20, thinking: random.uniform() * 9)
      let report = try SessionSimulation(load, users: room, prefill: random.uniform(), transfer: random.uniform()) {
        _ in
        0.1
      }.run()
      evictions += report.evictions
      holds =
        holds && report.sessions == users && report.answers == users * load.questions && report.peakResidents <= room
        && report.busy.values.reduce(0, +) <= report.seconds * (1 + 1e-12)
    }
    return (holds && evictions > 50, "300 loads, \(evictions) users put out")
  }

  private static func tooLarge() throws -> (passed: Bool, detail: String) {
    let device = try DeviceCatalogue.published.device("L4")
    do {
      _ = try LongContextAnalysis(try LongContextPrediction.yi34B(), on: device)
      return (false, "68 GB were put on 24")
    } catch PlannerError.doesNotFit(_, let bytes, _) {
      return (bytes == 68e9, "\(scientific(bytes)) bytes")
    }
  }

  private static let contexts = [512, 1024, 2048, 4096, 8000]

  /// SmolLM2's times and bytes on this machine.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) async throws -> [Measure] {
    let contexts = Array(Self.contexts.prefix(conditions.quick ? 3 : 5))
    let fitted = conditions.quick ? [512, 2048] : [512, 4096]
    let names = ["prefill", "a decoded token"]
    guard let path = conditions.modelPath,
      let timer = try DecoderTimer(conditions, longest: (contexts.last ?? 0) + 64)
    else {
      let absent = "the model is not there: `venturi pull smollm2` fetches it"
      return names.map { Measure("SmolLM2: largest error of the time of \($0)", unit: "%", ours: nil, absent: absent) }
        + Self.engineNames.map { Measure("SmolLM2: \($0)", unit: "", ours: nil, absent: absent) }
    }
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    let model = try LongContextModel(shape, weightBytes: 1)
    let unit = try LongContextAnalysis(model, on: Self.unit, precision: .f32)
    var (prefills, tokens): ([Double], [Double]) = ([], [])
    for context in contexts {
      try conditions.next("\(context) tokens")
      var (best, token) = (Double.infinity, Double.infinity)
      for _ in 0..<(conditions.quick ? 2 : 3) {
        let seconds = try timer.seconds(prompt: context, output: 33)
        best = min(best, seconds.first)
        token = min(token, seconds.rest / 32)
      }
      prefills.append(best)
      tokens.append(token)
    }
    // Prefill by effective F alone, on the first fit row and the last; decode by the weights' time and the keys' time.
    func fit(_ values: [Double], _ columns: (Int) throws -> [Double]) throws -> (error: Double, detail: String) {
      var rows: [[Double]] = []
      for context in contexts { rows.append(try columns(context)) }
      let kept = contexts.indices.filter { fitted.contains(contexts[$0]) }
      let line = try LinearFit.nonnegative(
        rows: kept.map { rows[$0] }, values: kept.map { values[$0] },
        weights: kept.map { 1 / (values[$0] * values[$0]) })
      let errors = contexts.indices.filter { !kept.contains($0) }.map { line.value(at: rows[$0]) / values[$0] - 1 }
      let worst = errors.map(abs).max() ?? 0
      return (100 * worst, errors.map { scientific(100 * $0) }.joined(separator: ", "))
    }
    let prefill = try fit(prefills) { [try unit.prefillOperations($0)] }
    let token = try fit(tokens) { [1, try unit.keyValueBytes($0)] }
    let pages = Double((2048 + 255) / 256 * 256)
    let state = Double(try timer.stateBytes(2048)) / pages * 2048
    let formula = try unit.keyValueBytes(2048)
    let measured = try await engine(conditions, path: path)
    return [
      Measure(
        "SmolLM2: largest error of the prefill's time, one constant from \(fitted) tokens, others held out", unit: "%",
        ours: Summary([prefill.error]), target: .atMost(12, .ours)),
      Measure(
        "SmolLM2: largest error of a decoded token's time, two constants from \(fitted) tokens, others held out",
        unit: "%",
        ours: Summary([token.error]), target: .atMost(12, .ours)),
      Measure(
        "SmolLM2: bytes of 2048 tokens' keys and values beside 2·L·n_kv·d_h·e·c", unit: "B", ours: Summary([formula]),
        peer: Summary([state]), peerName: "engine, pages of 256 tokens",
        ratio: RatioEstimate(ours: [formula], theirs: [state]), target: .atLeast(1)),
    ] + measured
  }
}
