// The file parser: whatever the bytes are, parsing gives a typed error or a file that keeps the laws, can be read through
// every accessor, and comes back the same when written and parsed again.
import Formats
import VenturiTesting

func check(_ bytes: UnsafeRawBufferPointer) {
  do throws(FormatError) {
    let file = try GGUFFile(bytes, keeper: nil)
    let violations = GGUFLaws.violations(in: file)
    guard violations.isEmpty else { fatalError("accepted, but: \(violations)") }
    let sum = GGUFLaws.readEverything(in: file)
    let copy = try GGUFWriter(copying: file).encoded()
    let again = try GGUFFile(ByteView(copying: copy))
    guard GGUFLaws.readEverything(in: again) == sum, again.entries.map(\.key) == file.entries.map(\.key),
      again.tensors.map(\.name) == file.tensors.map(\.name)
    else { fatalError("another file after writing it again") }
  } catch {
    // Writing may refuse nothing that parsing accepts, and errors of parsing tell their place in the input.
    if case .notWritable = error { fatalError("accepted, but \(error)") }
    guard let offset = error.offset, (0...bytes.count).contains(offset) else { fatalError("no place: \(error)") }
    guard !error.field.isEmpty, !error.description.isEmpty else { fatalError("no field: \(error)") }
  }
}

/// A file of every value type and every tensor type, then every hostile file that is small.
func seeds() -> [[UInt8]] {
  var seeds = [MalformedGGUF.base.encoded()]
  var all = MalformedGGUF.base
  let payloads: [(UInt32, Int)] = [
    (0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (5, 4), (6, 4), (7, 1), (10, 8), (11, 8), (12, 8),
  ]
  for (type, size) in payloads {
    all.set("scalar.\(type)", type: type, payload: [UInt8](repeating: 1, count: size))
    all.set(
      "array.\(type)", type: 9, payload: GGUFBytes.array(of: type, count: 3, [UInt8](repeating: 1, count: 3 * size)))
  }
  var noise = GGUFNoise(seed: 1)
  for code: UInt32 in 0...30 {
    guard let dtype = GGUFTensorType.dtype(ofCode: code) else { continue }
    all.tensors.append(
      GGUFImage.Tensor(
        "type.\(code)", extents: [UInt64(dtype.blockLength)], type: code,
        data: noise.weights(dtype.blockLength, dtype: dtype, scale: 1)))
  }
  seeds.append(all.encoded())
  all.version = 2
  all.layoutAlignment = 64
  all.set("general.alignment", uint32: 64)
  seeds.append(all.encoded())
  return seeds + MalformedGGUF.all.map(\.bytes).filter { $0.count <= 4096 }
}
