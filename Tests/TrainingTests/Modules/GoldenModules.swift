import Foundation
import NumericTypes
import Tensors
import Training
import VenturiTesting

/// `Golden/modules.json` and the numbers beside it.
struct GoldenModule: Decodable {
  struct Weights: Decodable {
    let name: String
    let shape: [Int]
  }
  struct Settings: Decodable {
    let from, to, groups, heads, kvHeads, outputs: Int?
    let kernel, strides, padding, dilations: [Int]?
    let training, rectified, causal: Bool?
    let momentum, base: Double?
    let activation: String?
    let starts: [[Int]]?
  }
  let layer: String
  let settings: Settings
  let input: [Int]
  let output: [Int]
  let weights: [Weights]

  static func load() throws -> [GoldenModule] {
    try JSONDecoder().decode([Self].self, from: Data(contentsOf: GoldenFiles.url("modules.json")))
  }

  /// The f64 of the file, in its order.
  static func numbers() throws -> [Double] {
    let data = try Data(contentsOf: GoldenFiles.url("modules.bin"))
    return data.withUnsafeBytes { bytes in
      (0..<data.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }

  /// A layer as a function of its input and a pass.
  typealias Layer = (_ x: Tensor, _ pass: Pass) -> Tensor

  /// Our layer with the case's settings, and what it made on the builder.
  func make(_ builder: inout ModelBuilder) -> Layer? {
    let s = settings
    let hasBias = weights.contains { $0.name.hasSuffix("bias") }
    let width = input.last ?? 1
    switch layer {
    case "dense":
      let made = DenseLayer(&builder, from: width, to: weights[0].shape[0], hasBias: hasBias)
      return { made($0, $1) }
    case "convolution":
      let made = ConvolutionLayer(
        &builder, from: s.from ?? 0, to: s.to ?? 0, kernel: s.kernel ?? [], strides: s.strides, padding: s.padding,
        dilations: s.dilations, groups: s.groups ?? 1, hasBias: hasBias)
      return { made($0, $1) }
    case "batchNorm":
      let made = BatchNormLayer(&builder, channels: input[1], momentum: s.momentum ?? 0)
      return { made($0, $1, isRectified: s.rectified ?? false) }
    case "layerNorm":
      let made = LayerNormLayer(&builder, width: width, hasBias: hasBias)
      return { made($0, $1) }
    case "rmsNorm":
      let made = RMSNormLayer(&builder, width: width)
      return { made($0, $1) }
    case "groupNorm":
      let made = GroupNormLayer(&builder, channels: input[1], groups: s.groups ?? 1)
      return { made($0, $1) }
    case "embedding":
      let made = EmbeddingLayer(&builder, count: weights[0].shape[0], width: weights[0].shape[1])
      return { made($0, $1) }
    case "mlp":
      guard let activation = Activation(rawValue: s.activation ?? "") else { return nil }
      let made = MLPLayer(&builder, width: width, hidden: weights[0].shape[0], activation: activation)
      return { made($0, $1) }
    case "gatedMLP":
      let functions: [String: GateFunction] = ["silu": .silu, "gelu": .gelu, "geluTanh": .geluTanh]
      guard let function = functions[s.activation ?? ""] else { return nil }
      let made = GatedMLPLayer(
        &builder, width: width, hidden: weights[0].shape[0], function: function, hasBias: hasBias)
      return { made($0, $1) }
    case "attention":
      let made = AttentionLayer(
        &builder, width: width, heads: s.heads ?? 1, kvHeads: s.kvHeads,
        rotation: s.base.map { AttentionLayer.Rotation(base: $0) }, isCausal: s.causal ?? true, hasBias: hasBias)
      return { x, pass in
        let (rows, length) = (x.shape[0], x.shape[1])
        let (starts, positions) = (pass.context.empty([rows, length], .i32), pass.context.empty([rows * length], .i32))
        for row in 0..<rows {
          let begins = s.starts?[row] ?? [0]
          for place in 0..<length {
            let start = begins.last { $0 <= place } ?? 0
            starts.pointer(as: Int32.self)[row * length + place] = Int32(start)
            positions.pointer(as: Int32.self)[row * length + place] = Int32(place - start)
          }
        }
        let flat = x.reshaped([rows * length, x.shape[2]])
        return made(flat, rows: rows, positions: positions, starts: s.starts == nil ? nil : starts, pass)
          .reshaped(x.shape)
      }
    case "lstm":
      let made = LSTMLayer(&builder, from: width, to: s.outputs ?? 1)
      return { made($0, $1) }
    case "gru":
      let made = GRULayer(&builder, from: width, to: s.outputs ?? 1)
      return { made($0, $1) }
    default: return nil
    }
  }
}
