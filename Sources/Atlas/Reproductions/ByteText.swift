import Formats
import Tensors
import Training

/// A text as rows of bytes: the first for learning, those from its last tenth held out.
struct ByteText {
  private let bytes: [UInt8]

  /// The text at `path`.
  ///
  /// - Throws: `TensorError` for a file that can't be read.
  init(path: String) throws {
    let storage = try Storage(mapping: path)
    bytes = try storage.reading { Array(storage.bytes) }
  }

  /// Batches of `rows` rows of `length` bytes from evenly spread places.
  ///
  /// - Throws: `DataError`.
  func batches(_ count: Int, rows: Int, length: Int, isHeldOut: Bool) throws -> [TokenBatch] {
    let edge = bytes.count * 9 / 10
    let part = isHeldOut ? edge..<bytes.count : 0..<edge
    guard part.count > length + 1 else {
      throw DataError.mismatch(field: "text", found: "\(bytes.count) bytes", expected: "more than \(10 * length)")
    }
    let stride = (part.count - length - 1) / max(1, count * rows)
    return try (0..<count).map { batch in
      try TokenBatch(
        (0..<rows).map { row in
          // Rows of a batch come from all over the text.
          let start = part.lowerBound + (row * count + batch) * stride
          let tokens = bytes[start...start + length].map { Int32($0) }
          return TokenSequence(
            inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
        })
    }
  }
}
