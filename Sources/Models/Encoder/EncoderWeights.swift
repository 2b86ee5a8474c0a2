import Formats
import Layers
import NumericTypes
import Tensors

/// Reads the parts that encoders have in common from a checkpoint.
struct EncoderWeights {
  let reader: WeightReader
  let sizes: EncoderSizes

  init(_ checkpoint: Checkpoint, sizes: EncoderSizes, compute: ComputeMode, context: Context) {
    reader = WeightReader(checkpoint: checkpoint, compute: compute, context: context)
    self.sizes = sizes
  }

  /// The weight `name`.weight [out, in], and the bias `name`.bias where there is one. Quantised weights take refined inputs:
  /// one vector is all that comes of a text, and nothing after it makes good what is lost.
  func linear(_ name: String, out: Int, in width: Int) throws -> PackedLinear {
    let core = try reader.linear("\(name).weight", out: out, in: width, precision: .refined)
    return PackedLinear(
      core.matrix, bias: try reader.vectorIfPresent("\(name).bias", out), precision: core.precision)
  }

  /// The layer norm `name`.
  func norm(_ name: String) throws -> LayerNorm {
    LayerNorm(
      weight: try reader.vector("\(name).weight", sizes.width),
      bias: try reader.vectorIfPresent("\(name).bias", sizes.width), epsilon: sizes.epsilon)
  }

  /// A table [rows, width] as f32, copied out of the file.
  func table(_ name: String, rows: Int) throws -> Tensor {
    let width = sizes.width
    let inFile = try reader.tensor(name, [rows, width])
    let table = reader.context.empty([rows, width])
    let rowBytes = width / inFile.dtype.blockLength * inFile.dtype.blockBytes
    let (source, target) = (inFile.pointer, table.pointer(as: Float.self))
    let dtype = inFile.dtype
    reader.context.workers.run((rows + 63) / 64) { item, _ in
      for row in item * 64..<min(rows, item * 64 + 64) {
        decodeRow(dtype, count: width, from: source + row * rowBytes, to: target + row * width)
      }
    }
    return table
  }
}
