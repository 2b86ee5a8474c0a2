import Formats
import Mixers
import Models
import NumericTypes

extension WeightInventory {
  /// The inventory of a checkpoint, with keys and values of a type.
  ///
  /// - Throws: `FormatError` for a file that does not say its sizes.
  public init(_ file: Checkpoint, cache: CacheType = .f16) throws {
    let architecture = try file.string("general.architecture")
    let layers = try file.uint("\(architecture).block_count", in: 1...100_000)
    let heads = try file.uint("\(architecture).attention.head_count", in: 1...100_000)
    let kvHeads = try file.uintIfPresent("\(architecture).attention.head_count_kv", in: 1...100_000) ?? heads
    let width = try file.uint("\(architecture).embedding_length", in: 1...10_000_000)
    let headDim = try file.uintIfPresent("\(architecture).attention.key_length", in: 1...100_000) ?? width / heads
    let weights = file.tensors.map { tensor in
      Weight(
        name: tensor.name, dtype: tensor.dtype, rank: tensor.shape.rank, count: tensor.count,
        bytes: tensor.byteCount)
    }
    // The bounds above keep the product far from overflow.
    let vectorBytes = KeyValueLayout.vectorBytes(cache.dtype, headDim: headDim)
    self.init(
      weights: weights, fileBytes: file.fileBytes, cacheBytesPerToken: 2 * layers * kvHeads * vectorBytes)
  }

  /// The weight types and how many tensors have each: `Q4_1×210, F32×61, Q8_0×1`.
  public static func types(_ file: Checkpoint) -> String {
    var counts: [String: Int] = [:]
    for tensor in file.tensors { counts[tensor.dtype.displayName, default: 0] += 1 }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key)×\($0.value)" }
      .joined(separator: ", ")
  }
}
