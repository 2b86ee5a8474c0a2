import NumericTypes
import Tensors

/// A matrix in four bits: two codes to a byte, and a scale to a block.
public struct FP4Matrix: Sendable, Hashable {
  /// Rows and columns.
  public let rows, columns: Int
  /// How it is held.
  public let format: FP4Format
  /// The codes of each row, the first of two in the low half of a byte; a row begins with a byte.
  public var codes: [UInt8]
  /// The scales' codes, ⌈columns / block⌉ to a row.
  public var scales: [UInt8]
  /// The f32 number that all is multiplied by; 1 where the format has none.
  public var tensorScale: Float

  init(rows: Int, columns: Int, format: FP4Format, tensorScale: Float) {
    self.rows = rows
    self.columns = columns
    self.format = format
    self.tensorScale = tensorScale
    codes = [UInt8](repeating: 0, count: rows * Self.rowBytes(columns))
    scales = [UInt8](repeating: 0, count: rows * Self.blocks(columns, format))
  }

  static func rowBytes(_ columns: Int) -> Int { (columns + 1) / 2 }
  static func blocks(_ columns: Int, _ format: FP4Format) -> Int { (columns + format.block - 1) / format.block }

  /// Bytes of codes, scales and the tensor's scale.
  public var byteCount: Int { codes.count + scales.count + (format.hasTensorScale ? 4 : 0) }

  /// The numbers, [rows, columns] in f32: code times scale times the tensor's scale.
  public func decoded(_ context: Context) -> Tensor {
    let y = context.empty([rows, columns])
    let values = y.pointer(as: Float.self)
    let (width, blocks) = (Self.rowBytes(columns), Self.blocks(columns, format))
    for row in 0..<rows {
      for column in 0..<columns {
        let byte = codes[row * width + column / 2]
        let scale = format.scale.decode(scales[row * blocks + column / format.block]) * tensorScale
        values[row * columns + column] = FP4Payload.decode(column & 1 == 0 ? byte & 15 : byte >> 4) * scale
      }
    }
    return y
  }
}
