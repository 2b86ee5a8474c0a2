import Costs

/// A published run: a GPT in a layout on A100, and its speed.
public struct MegatronRow: Sendable, Hashable {
  /// What the published number is.
  public enum Quantity: Sendable, Hashable {
    /// 10¹² operations a second of each device, what is computed again counted.
    case teraflops
    /// The model's own operations as a part of peak, in percent.
    case utilization
  }

  /// The model.
  public let shape: TransformerShape
  /// Sequences of a step.
  public let batch: Int
  /// The layout.
  public let layout: ParallelLayout
  /// The published number.
  public let published: Published
  /// What it is.
  public let quantity: Quantity

  private init(
    _ name: String, layers: Int, width: Int, heads: Int, batch: Int, _ layout: ParallelLayout, _ value: Double,
    _ source: String, _ quantity: Quantity = .teraflops
  ) {
    // V = 51200 and s = 2048 in all of them.
    shape = TransformerShape.gpt(
      "GPT \(name)", layers: layers, heads: heads, headDim: width / heads, positions: 2048, vocabulary: 51200)
    self.batch = batch
    self.layout = layout
    published = Published(name, Figure(value, source: source, date: "2021-04"), verified: true)
    self.quantity = quantity
  }

  private static let weakSource =
    "arXiv 2104.04473, table 1; layouts of NVIDIA/Megatron-LM examples/sc21/run_table_1.sh"

  /// Table 1: from a billion to a trillion weights. Microbatches and chunks are those of the repository's scripts; up to 18.4
  /// billion its gradients are summed while the backward pass goes on.
  public static let weakScaling: [MegatronRow] = [
    weak("1.7B", 24, 2304, 24, t: 1, p: 1, devices: 32, batch: 512, b: 16, v: 1, 137),
    weak("3.6B", 30, 3072, 32, t: 2, p: 1, devices: 64, batch: 512, b: 16, v: 1, 138),
    weak("7.5B", 36, 4096, 32, t: 4, p: 1, devices: 128, batch: 512, b: 16, v: 1, 142),
    weak("18.4B", 40, 6144, 48, t: 8, p: 1, devices: 256, batch: 1024, b: 8, v: 1, 135),
    weak("39.1B", 48, 8192, 64, t: 8, p: 2, devices: 512, batch: 1536, b: 4, v: 1, 138),
    weak("76.1B", 60, 10240, 80, t: 8, p: 4, devices: 1024, batch: 1792, b: 2, v: 3, 140),
    weak("145.6B", 80, 12288, 96, t: 8, p: 8, devices: 1536, batch: 2304, b: 2, v: 2, 148),
    weak("310.1B", 96, 16384, 128, t: 8, p: 16, devices: 1920, batch: 2160, b: 1, v: 2, 155),
    weak("529.6B", 105, 20480, 128, t: 8, p: 35, devices: 2520, batch: 2520, b: 1, v: 3, 163),
    weak("1008B", 128, 25600, 160, t: 8, p: 64, devices: 3072, batch: 3072, b: 1, v: 1, 163),
  ]

  private static func weak(
    _ name: String, _ layers: Int, _ width: Int, _ heads: Int, t: Int, p: Int, devices: Int, batch: Int, b: Int, v: Int,
    _ value: Double
  ) -> MegatronRow {
    let layout = ParallelLayout(
      tensor: t, pipeline: p, data: devices / t / p, microbatch: b, chunks: v, overlapsGradients: p == 1)
    return MegatronRow(
      "\(name) on \(devices)", layers: layers, width: width, heads: heads, batch: batch, layout, value, weakSource)
  }

  /// Table 2's upper half: ZeRO-3 without model parallelism.
  public static let sharded: [MegatronRow] = [
    compared("174.6B ZeRO-3 on 384", gpt3, batch: 1536, ParallelLayout.sharded(384, b: 4), 144),
    compared("174.6B ZeRO-3 on 768", gpt3, batch: 1536, ParallelLayout.sharded(768, b: 2), 88),
    compared("174.6B ZeRO-3 on 1536", gpt3, batch: 1536, ParallelLayout.sharded(1536, b: 1), 44),
    compared("529.6B ZeRO-3 on 640", large, batch: 2560, ParallelLayout.sharded(640, b: 4), 138),
    compared("529.6B ZeRO-3 on 1120", large, batch: 2240, ParallelLayout.sharded(1120, b: 2), 98),
    compared("529.6B ZeRO-3 on 2240", large, batch: 2240, ParallelLayout.sharded(2240, b: 1), 48),
  ]

  /// Table 2's lower half: pipeline, tensor and data parallelism. Chunks are those of the scripts for the same models.
  public static let composed: [MegatronRow] = [
    compared("174.6B PTD-P on 384", gpt3, batch: 1536, ParallelLayout.composed(384, p: 12, v: 4), 153),
    compared("174.6B PTD-P on 768", gpt3, batch: 1536, ParallelLayout.composed(768, p: 12, v: 4), 149),
    compared("174.6B PTD-P on 1536", gpt3, batch: 1536, ParallelLayout.composed(1536, p: 12, v: 4), 141),
    compared("529.6B PTD-P on 560", large, batch: 2240, ParallelLayout.composed(560, p: 35, v: 3), 171),
    compared("529.6B PTD-P on 1120", large, batch: 2240, ParallelLayout.composed(1120, p: 35, v: 3), 167),
    compared("529.6B PTD-P on 2240", large, batch: 2240, ParallelLayout.composed(2240, p: 35, v: 3), 159),
  ]

  private static let gpt3 = (layers: 96, width: 12288, heads: 96)
  private static let large = (layers: 105, width: 20480, heads: 128)

  private static func compared(
    _ name: String, _ model: (layers: Int, width: Int, heads: Int), batch: Int, _ layout: ParallelLayout,
    _ value: Double
  ) -> MegatronRow {
    MegatronRow(
      name, layers: model.layers, width: model.width, heads: model.heads, batch: batch, layout, value,
      "arXiv 2104.04473, table 2")
  }

  /// The follow-up's runs, norms shared and attention alone computed again: NVIDIA/Megatron-LM's utilization. Layouts are recalled
  /// from the paper (arXiv 2205.05198, table 3).
  public static let selective: [MegatronRow] = [
    follow("22B on 8", 48, 6144, 64, p: 1, v: 1, batch: 4, b: 4, 41.5),
    follow("175B on 64", 96, 12288, 96, p: 8, v: 3, batch: 64, b: 1, 51.4),
    follow("530B on 280", 105, 20480, 128, p: 35, v: 3, batch: 280, b: 1, 56.0),
    follow("1T on 512", 128, 25600, 160, p: 64, v: 1, batch: 512, b: 1, 56.3),
  ]

  private static func follow(
    _ name: String, _ layers: Int, _ width: Int, _ heads: Int, p: Int, v: Int, batch: Int, b: Int, _ value: Double
  ) -> MegatronRow {
    let layout = ParallelLayout(
      tensor: 8, pipeline: p, data: 1, microbatch: b, chunks: v, recomputation: .attention, sharesNorms: true)
    return MegatronRow(
      "\(name), selective", layers: layers, width: width, heads: heads, batch: batch, layout, value,
      "NVIDIA/Megatron-LM README, as quoted by stas00/ml-engineering", .utilization)
  }
}

extension ParallelLayout {
  fileprivate static func sharded(_ devices: Int, b: Int) -> ParallelLayout {
    ParallelLayout(tensor: 1, pipeline: 1, data: devices, microbatch: b, sharding: .weights)
  }

  fileprivate static func composed(_ devices: Int, p: Int, v: Int) -> ParallelLayout {
    ParallelLayout(tensor: 8, pipeline: p, data: devices / 8 / p, chunks: v)
  }
}
