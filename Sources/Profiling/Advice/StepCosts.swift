import Costs
import Inference
import Mixers
import Models
import NumericTypes

/// What a step of a model costs with given settings.
///
/// The measured time of a step with the settings in force, carried over to other settings by the ratio of the two steps'
/// rooflines: the arithmetic of every matrix at the rate of its chain or its bytes at the rate of memory, whichever takes
/// longer, the cache's bytes, and the forks of the workers.
public struct StepCosts: Sendable {
  /// What a number of threads can do.
  public struct Limits: Sendable {
    /// Arithmetic and memory.
    public var ceilings: Ceilings
    /// Seconds of a fork and join.
    public var forkSeconds: Double

    /// Limits from their parts.
    public init(ceilings: Ceilings, forkSeconds: Double) {
      self.ceilings = ceilings
      self.forkSeconds = forkSeconds
    }
  }

  /// The measured seconds of a step.
  public struct Measured: Sendable, Equatable {
    /// Tokens of the step.
    public var rows: Int
    /// Seconds it took.
    public var seconds: Double

    /// A measurement.
    public init(rows: Int, seconds: Double) {
      self.rows = rows
      self.seconds = seconds
    }
  }

  /// The settings in force, with which steps were measured.
  public var settings: EngineSettings
  /// The model's sizes.
  public var model: ModelDescription
  /// Its weights.
  public var inventory: WeightInventory
  /// What the machine can do with a number of threads.
  public var limits: [Int: Limits]
  /// Steps of prompts, with logits for the last row, by the number of rows.
  public var promptSteps: [Measured]
  /// Steps with logits for every row, as guesses are checked, by the number of rows.
  public var checkedSteps: [Measured]
  /// The tokens that the state held when steps were measured.
  public var depth: Int

  /// Costs from their parts.
  public init(
    settings: EngineSettings, model: ModelDescription, inventory: WeightInventory, limits: [Int: Limits],
    promptSteps: [Measured], checkedSteps: [Measured], depth: Int
  ) {
    self.settings = settings
    self.model = model
    self.inventory = inventory
    self.limits = limits
    self.promptSteps = promptSteps.sorted { $0.rows < $1.rows }
    self.checkedSteps = checkedSteps.sorted { $0.rows < $1.rows }
    self.depth = depth
  }

  /// The seconds of a step of `rows` tokens after `depth`, of which `logits` rows want logits.
  public func step(rows: Int, depth: Int, logits: Int, _ other: EngineSettings) -> Double {
    let curve = logits > 1 || rows == 1 ? checkedSteps : promptSteps
    let measured = Self.interpolated(curve, rows)
    let before = floor(rows: rows, depth: self.depth, logits: logits, settings)
    let after = floor(rows: rows, depth: depth, logits: logits, other.completed(by: settings))
    return before > 0 ? measured * after / before : measured
  }

  /// The seconds of a prompt that is read in steps as the settings say.
  public func prompt(_ tokens: Int, _ other: EngineSettings) -> Double {
    let chunk = max(1, other.stepTokens ?? settings.stepTokens ?? EngineOptions.defaultStepTokens)
    var seconds = 0.0
    var done = 0
    while done < tokens {
      let rows = min(chunk, tokens - done)
      seconds += step(rows: rows, depth: done, logits: 1, other)
      done += rows
    }
    return seconds
  }

  /// The bytes that a process holds at most with given settings, as far as the model goes: the file's pages, the packed or
  /// decoded weights, the rows of a step and the state of ``Goal/defaultPrefill`` tokens.
  public func bytes(_ settings: EngineSettings) -> Double {
    let exact = settings.compute == .f32
    let weights = exact ? 4 * Double(model.parameters) : Double(model.weightBytes)
    let rows = Double(min(settings.stepTokens ?? EngineOptions.defaultStepTokens, Goal.defaultPrefill))
    // The residual, its norm, heads in and out, and the two halves of the feed-forward layer, in f32.
    let perRow = 4 * Double(3 * model.width + 2 * (model.heads + model.kvHeads) * model.headDim + 3 * model.feedForward)
    let state = Double(Goal.defaultPrefill) * cacheBytesPerToken(settings)
    return Double(inventory.fileBytes) + weights + rows * perRow + state
  }

  /// The bytes of one token's keys and values.
  private func cacheBytesPerToken(_ settings: EngineSettings) -> Double {
    let cache = settings.cache ?? CacheType(for: settings.compute ?? .fast)
    let vectors =
      Double(inventory.cacheBytesPerToken) / Double(KeyValueLayout.vectorBytes(.f16, headDim: model.headDim))
    return vectors * Double(KeyValueLayout.vectorBytes(cache.dtype, headDim: model.headDim))
  }

  /// The least seconds of a step, by the roofline.
  public func floor(rows: Int, depth: Int, logits: Int, _ settings: EngineSettings) -> Double {
    guard let limits = limits[settings.threads ?? 1] else { return 0 }
    let exact = settings.compute == .f32
    let bandwidth = limits.ceilings.read.max * 1e9
    func seconds(_ weight: WeightInventory.Weight, rows: Int) -> Double {
      let chain = exact ? .f32 : WeightInventory.chain(for: weight.dtype)
      let rate = (limits.ceilings.chains[chain]?.max ?? 0) * 1e9
      let cost = OperationCost(
        flops: 2 * Double(weight.count) * Double(rows),
        bytesRead: exact ? 4 * Double(weight.count) : Double(weight.bytes))
      guard rate > 0, bandwidth > 0 else { return 0 }
      return Roofline(operationsPerSecond: rate, bytesPerSecond: bandwidth).seconds(cost)
    }
    var total = inventory.prefillMatrices.reduce(0) { $0 + seconds($1, rows: rows) }
    if let head = inventory.head { total += seconds(head, rows: max(1, logits)) }
    // Each row's scores and their products with values, in f32; the cache is read once for the step.
    let f32 = (limits.ceilings.chains[.f32]?.max ?? 0) * 1e9
    if f32 > 0, bandwidth > 0 {
      let keys = Double(depth) + Double(rows) / 2
      let attention = OperationCost(
        flops: 4 * Double(rows) * keys * Double(model.heads * model.headDim * model.layers),
        bytesRead: keys * cacheBytesPerToken(settings))
      total += Roofline(operationsPerSecond: f32, bytesPerSecond: bandwidth).seconds(attention)
    }
    // One fork for each matrix, and one for each layer's attention.
    let forks = inventory.prefillMatrices.count + 1 + model.layers
    return total + Double(forks) * limits.forkSeconds
  }

  /// Between two measurements a line through them; beyond the last, the line through the last two; one alone, in
  /// proportion.
  static func interpolated(_ curve: [Measured], _ rows: Int) -> Double {
    guard let first = curve.first, let last = curve.last else { return 0 }
    if rows <= first.rows { return first.seconds }
    guard curve.count > 1 else { return last.seconds * Double(rows) / Double(last.rows) }
    let upper = curve.firstIndex { $0.rows >= rows } ?? curve.count - 1
    let (a, b) = (curve[upper - 1], curve[upper])
    let slope = (b.seconds - a.seconds) / Double(b.rows - a.rows)
    return max(0, a.seconds + slope * Double(rows - a.rows))
  }
}
