import CVenturi
import Costs
import Formats
import Inference
import Models
import Planner
import Profiling
import Tensors

/// Throughputs of settings as the Planner predicts them: a few steps are measured for each number of threads, the device's limits are
/// fitted to them, and the engine's schedule is gone through without the engine.
struct LandscapePrediction {
  let model: String
  let settings: [ServingSettings]
  let workload: ServedWorkload
  let seed: UInt64

  /// The most settings.
  static let limit = ParameterSpace.pointLimit

  init(model: String, settings: [ServingSettings], workload: ServedWorkload, seed: UInt64) {
    (self.model, self.settings, self.workload, self.seed) = (model, settings, workload, seed)
  }

  var json: JSON {
    [
      "op": "predict", "model": .string(model), "settings": .array(settings.map(\.json)), "requests": workload.json,
      "seed": .integer(Int(clamping: seed)),
    ]
  }

  /// A request as ``json`` has it.
  ///
  /// - Throws: ``/Profiling/ProfilingError/invalidSetting(field:problem:)``.
  init(_ json: JSON) throws(ProfilingError) {
    guard let model = json["model"]?.text, let list = json["settings"]?.elements, (1...Self.limit).contains(list.count),
      let seed = json["seed"]?.int, seed >= 0
    else { throw .invalidSetting(field: "predict", problem: "model, settings, requests and seed are expected") }
    var settings: [ServingSettings] = []
    for element in list { settings.append(try ServingSettings(element)) }
    self.init(
      model: model, settings: settings, workload: try ServedWorkload(json["requests"] ?? .null), seed: UInt64(seed))
  }

  /// `{"predicted": […], "fits": [{"threads", "products", …}]}`.
  ///
  /// - Throws: what the engine and the planner throw.
  func run() async throws -> JSON {
    var fits: [JSON] = []
    var machines: [Int: (iterations: RooflineIterations, work: ScheduledWork)] = [:]
    for threads in Set(settings.map { $0.number(.threads) ?? MachineIdentity.current.processors }).sorted() {
      let engine = try await Engine.load(model, options: EngineOptions(EngineSettings(threads: threads)))
      let fit = try await StepFit(engine, threads: threads)
      let prompts = try PromptTokens(engine.tokenizer, seed: seed).prompts(of: workload)
      let work = try ScheduledWork(
        zip(prompts, workload.requests).map {
          ScheduledWork.Request(promptTokens: $0.count, outputTokens: $1.outputTokens)
        }, perDepth: StepBudget(target: 1, model: engine.model.description).perDepth)
      machines[threads] = (fit.iterations, work)
      fits.append(fit.json)
    }
    let predicted = try settings.map { settings -> JSON in
      guard let machine = machines[settings.number(.threads) ?? MachineIdentity.current.processors] else {
        return .null
      }
      return .number(try machine.work.throughput(Self.schedule(settings), times: machine.iterations))
    }
    return ["predicted": .array(predicted), "fits": .array(fits)]
  }

  /// The settings as far as the schedule knows them.
  private static func schedule(_ settings: ServingSettings) -> ScheduledWork.Settings {
    var schedule = ScheduledWork.Settings()
    if let batch = settings.number(.batch) { schedule.sequences = batch }
    if let step = settings.number(.step) { schedule.stepTokens = step }
    if let chunk = settings.number(.chunk) { schedule.mixedPromptTokens = chunk }
    if let seconds = settings.stepSeconds { schedule.stepSeconds = seconds }
    schedule.stepTokens = max(schedule.stepTokens, schedule.sequences)
    return schedule
  }
}
