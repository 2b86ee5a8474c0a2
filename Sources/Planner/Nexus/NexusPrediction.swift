import Costs

/// The paper's figures that its cost model alone answers to.
public enum NexusPrediction {
  private static let source = "arXiv 2507.06608, as sheet 078 read it"

  /// Qwen2.5-3B on an L20.
  ///
  /// - Throws: ``PlannerError``.
  public static func plan(
    _ model: String = "Qwen2.5-3B", constants: NexusCosts.Constants = NexusCosts.Constants()
  ) throws(PlannerError) -> NexusPlan {
    let device: Device
    do { device = try DeviceCatalogue.published.device("L20") } catch { throw .device(error) }
    return try NexusPlan(model: try ModelCatalogue.published.entry(model).shape, on: device, constants: constants)
  }

  /// How many times longer a token takes when the keys of the prompt beside it grow from 2000 tokens to 10,000, halves of the
  /// device each: a chunk of 2000 tokens without a past, and after 8000.
  ///
  /// - Parameters:
  ///   - costs: how long phases take.
  ///   - sequences: those that get tokens; the paper's number is not known.
  ///   - context: the tokens of each.
  public static func slowdown(_ costs: NexusCosts, sequences: Int = 32, context: Int = 1024) -> Double {
    var tokens = IterationBatch()
    tokens.sequences = sequences
    tokens.contextTokens = sequences * context
    func seconds(past: Int) -> Double {
      var prompts = IterationBatch(promptTokens: 2000)
      prompts.promptPast = past
      prompts.promptPairs += 2000 * Double(past)
      let bandwidth = costs.bandwidthShare(of: tokens, beside: prompts, promptShare: 0.5)
      return costs.decode(tokens, share: 0.5, bandwidthShare: bandwidth).seconds
    }
    return seconds(past: 8000) / seconds(past: 0)
  }

  /// Times that tiled attention asks for keys and values: once for every 128 queries and every query head, as kernels without
  /// cooperation between heads do; what of it the cache answers is not counted.
  public static func tiledReads(_ shape: TransformerShape, chunk: Int) -> Double {
    Double((chunk + 127) / 128) * Double(shape.heads / shape.kvHeads)
  }

  /// What the paper says of contention, as the model of it as described predicts it. The plain column knows no contention.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let plan = try plan()
    var tiled = NexusCosts.Constants()
    tiled.keyReads = tiledReads(plan.costs.shape, chunk: 2000)
    // One figure of the paper counts once: as the sheet has it.
    let rows = [
      ("keys read once, as the sheet has it", plan.costs, true),
      ("keys read by every tile and head", try Self.plan(constants: tiled).costs, false),
    ]
    return rows.map { name, costs, counts in
      Prediction(
        of: Published(
          "a token beside prompts of 10,000 against 2000 tokens, times longer, \(name)",
          Figure(1.36, source: source, date: "2025-07"), verified: counts),
        // Within 10 points.
        predicted: slowdown(costs), plainRoofline: 1, limit: 0.1 / 1.36, heldOut: true)
    }
  }
}
