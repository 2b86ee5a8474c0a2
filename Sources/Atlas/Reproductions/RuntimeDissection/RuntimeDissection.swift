import Costs
import Formats
import Profiling
import Tensors
import Training
import Venturi

/// Dissecting the Runtime Performance of the Training, Fine-tuning, and Inference of Large Language Models, 2023, arXiv 2311.03687.
///
/// The grid of techniques that one process has, on a fresh model of 30 million weights and on SmolLM2 in f32: times and memory of
/// steps, what their parts add up to, each technique's direction, and what the Planner said of it before.
public struct RuntimeDissectionExperiment: Reproduction {
  /// The sheet's number.
  public static let number = 63

  /// What the sheet asks for beyond this.
  public static let unbuilt = [
    "Z2 and Z3 measured, collectives over message sizes and scaling over ranks: this engine trains on one rank; the Planner alone has them",
    "prompt tuning in the grid, and offloaded weights beside the optimizer's state",
    "a peer's shares on the way back: PyTorch's are of the way forward",
    "serving in batches on the grid: `bench dissect --mode serve` takes a model apart as its file has it",
  ]

  /// The experiment.
  public init() {}

  /// The cells of training and of training further; what is alike in both is measured once.
  static let (training, tuning) = ("N,F,R,F+R,O", "F+L,F+QL")

  /// What is dissected: its name, its rows and their length.
  struct Case {
    var name: String
    var subject: DissectionSubject
    var rows: Int
    var length: Int
    var steps: Int
  }

  static func cases(_ conditions: RunConditions) throws -> [Case] {
    let quick = conditions.quick
    var cases = [
      Case(name: "30M", subject: .small, rows: 1, length: quick ? 256 : 1024, steps: quick ? 2 : 4)
    ]
    if let path = conditions.modelPath {
      cases.append(
        Case(
          name: "SmolLM2-135M", subject: .checkpoint(try Checkpoint(path: path)), rows: 1, length: quick ? 64 : 512,
          steps: quick ? 1 : 3))
    }
    return cases
  }

  /// Sizes small enough for checks.
  static let sizes = GPTConfiguration.llama(
    vocabulary: 257, length: 64, layers: 2, width: 64, heads: 4, kvHeads: 2, hidden: 160)

  /// Operations of a step's products by closed form, where all is trained: 6 for each weight and token, 12 D for each pair of
  /// tokens where attention is composed, 7 D where it is fused and sees half of them, and a way forward more where blocks are
  /// computed again.
  static func products(_ sizes: GPTConfiguration, _ cell: DissectionCell, rows: Int, length: Int) -> Double {
    let tokens = Double(rows * length)
    let (width, headDim) = (Double(sizes.width), sizes.width / sizes.heads)
    let matrices =
      width * Double((sizes.heads + 2 * sizes.kvHeads) * headDim) + width * width
      + (sizes.feedForward == .gated ? 3 : 2) * width * Double(sizes.hidden)
    let pairs = tokens * Double(length) * width
    let (linear, forward, backward) =
      cell.has(.fusedAttention)
      ? (2 * tokens * matrices, 2 * pairs, 5 * pairs) : (2 * tokens * matrices, 4 * pairs, 8 * pairs)
    let again = cell.has(.recompute) ? linear + forward : 0
    return Double(sizes.layers) * (3 * linear + forward + backward + again)
      + 6 * tokens * width * Double(sizes.vocabulary)
  }
}
