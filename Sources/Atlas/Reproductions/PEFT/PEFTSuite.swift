import Planner
import Profiling
import Tensors
import Training

/// Parameter-Efficient Fine-Tuning for Large Models: A Comprehensive Survey, 2024, arXiv 2403.14608.
///
/// The training side: adapters of ``/Training/AdaptedGPT`` on SmolLM2, learning the English of the King James Bible, beside
/// training the whole model for as many steps.
public struct PEFTSuite: Reproduction {
  /// The sheet's number.
  public static let number = 37

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "a merged model taken while one adapter dominates: the same row would have other bits in other company",
    "files of PEFT's for other methods than LoRA, DoRA's and VeRA's among them",
  ]

  /// The experiment.
  public init() {}

  /// The QLoRA paper's figures of memory.
  ///
  /// - Throws: `PlannerError`.
  public func predictions() throws -> [Prediction] { try FineTuningMemory.predictions() }

  /// The methods that are run, by name; each takes the targets of its paper, LoRA and what is like it all linear layers.
  static func methods(steps: Int) -> [(name: String, adapters: [AdapterConfiguration], rate: Double)] {
    func one(_ method: AdapterConfiguration.Method) -> [AdapterConfiguration] { [AdapterConfiguration(method)] }
    return [
      ("rsLoRA", one(.lora(rank: 8, alpha: 16, isStabilized: true)), 5e-4),
      ("LoRA+", one(.lora(rank: 8, alpha: 16, rateFactor: 16)), 2e-4),
      ("DoRA", one(.dora(rank: 8, alpha: 16)), 1e-3),
      ("VeRA", one(.vera(rank: 256)), 1e-2),
      ("AdaLoRA", one(.adaLoRA(AdaLoRABudget(steps: steps, every: 10), alpha: 24)), 2e-3),
      ("(IA)³", one(.ia3), 1e-2), ("SSF", one(.ssf), 5e-3), ("BitFit", one(.bitFit), 5e-3),
      ("Fisher mask, 0.5 %", one(.fisher(share: 0.005)), 5e-4), ("ladder side-tuning", one(.ladder(width: 72)), 2e-3),
      ("serial adapters", one(.serial(width: 32)), 1e-3), ("parallel adapters", one(.parallel(width: 32)), 1e-3),
      ("prefix tuning", one(.prefix(count: 16)), 1e-2), ("prompt tuning", one(.prompt(count: 16)), 1e-1),
      ("MAM", AdapterConfiguration.mam(prefix: 16, width: 32), 1e-3),
    ]
  }

  /// LoRA as the sheet measures it.
  static let lora = [AdapterConfiguration(.lora(rank: 8, alpha: 16))]
}
