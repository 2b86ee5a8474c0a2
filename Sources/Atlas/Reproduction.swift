import Catalogue
import Planner
import Plots
import Profiling

/// The measured experiment of a system's sheet.
///
/// Checks come first; where one fails nothing is measured. Every measure takes ours and the peer's in turns in one run.
public protocol Reproduction: Sendable {
  /// The system's number.
  static var number: Int { get }

  /// What of the sheet is not built or not measured yet; a row says `works` only where there is nothing.
  static var unbuilt: [String] { get }

  /// What must hold.
  ///
  /// - Throws: `CancellationError`; what else goes wrong fails a check.
  func checks(_ conditions: RunConditions) throws -> [Check]

  /// The sheet's figures.
  ///
  /// - Throws: what the system throws; `CancellationError`. A peer that is not installed is absent in its measure.
  func measures(_ conditions: RunConditions) async throws -> [Measure]

  /// The paper's own figures, as the Planner predicts them.
  ///
  /// - Throws: `PlannerError`.
  func predictions() throws -> [Prediction]

  /// What the measures look like over sizes.
  ///
  /// - Throws: what the system throws; `CancellationError`.
  func plots(_ conditions: RunConditions) throws -> [Plot]
}

extension Reproduction {
  /// None.
  public func predictions() throws -> [Prediction] { [] }

  /// None.
  public func plots(_ conditions: RunConditions) throws -> [Plot] { [] }

  /// Runs all of it.
  ///
  /// - Throws: what its parts throw; `CancellationError`.
  public func run(_ conditions: RunConditions) async throws -> ReproductionResult {
    let checks = try checks(conditions)
    let holds = checks.allSatisfy(\.passed)
    let measures = holds ? try await measures(conditions) : []
    return ReproductionResult(
      entry: Catalogue.entries[Self.number - 1], checks: checks, measures: measures,
      predictions: try predictions(), plots: holds ? try plots(conditions) : [], unbuilt: Self.unbuilt,
      quick: conditions.quick,
      machine: conditions.machine, date: systemTime())
  }
}

/// The experiments there are.
public enum Reproductions {
  /// All of them.
  public static let all: [any Reproduction] = [
    FP4Training(), FlashAttention2(), PEFTSuite(), WTACRS(), AlgoPerf(), BPFreeTraining(), Melange(), Splitwise(),
    DeepSeekV3(), Megatron(), Frontier(), LongContextPeakAnalysis(), TTSPM(), KineticsExperiment(), ScaleRL(),
    SystemFlow(), IdealizedRuntime(), FastCompoundScaling(), MoELensExperiment(), LadderResidualExperiment(),
    AttentionIOExperiment(), TokenWeaveExperiment(), InferenceHyperparameterStudy(), NexusExperiment(),
    ZeppelinExperiment(), C4Experiment(), RuntimeDissectionExperiment(),
  ]

  /// The one of a system.
  public static func of(_ entry: SystemEntry) -> (any Reproduction)? {
    all.first { type(of: $0).number == entry.number }
  }
}
