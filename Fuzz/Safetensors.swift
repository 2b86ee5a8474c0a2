// Safetensors files and their index: whatever the bytes are, parsing gives a typed error with its place or a file that
// keeps the laws and holds the same when it is written and parsed again.
import Formats
import VenturiTesting

func check(_ bytes: UnsafeRawBufferPointer) {
  do throws(FormatError) {
    let file = try SafetensorsFile(ByteView(bytes, keeper: nil))
    let violations = SafetensorsLaws.violations(in: file)
    guard violations.isEmpty else { fatalError("accepted, but: \(violations)") }
    let again = try SafetensorsFile(ByteView(copying: SafetensorsWriter(copying: file).encoded()))
    guard SafetensorsLaws.haveEqualContent(file, again) else { fatalError("another file after writing it again") }
    let shards = try SafetensorsShards(index: nil, parts: [("model.safetensors", file)])
    for tensor in file.tensors where shards.tensorIfPresent(tensor.name)?.tensor != tensor {
      fatalError("\(tensor.name) is not found")
    }
  } catch {
    prove(error, bytes)
  }
  do throws(FormatError) {
    let index = try SafetensorsIndex(ByteView(bytes, keeper: nil))
    guard Set(index.files).count == index.files.count,
      index.entries.allSatisfy({ index.files.indices.contains($0.file) })
    else { fatalError("accepted an index, but: \(index)") }
    for name in index.files where name.contains("/") || name.hasPrefix("..") && name.utf8.count == 2 {
      fatalError("accepted the file \(name)")
    }
    let listed = try SafetensorsShards.files(index: index, listing: index.files)
    guard listed == index.files else { fatalError("another list: \(listed)") }
  } catch {
    prove(error, bytes)
  }
}

/// Writing may refuse nothing that parsing accepts, and errors of parsing tell their place in the input.
private func prove(_ error: FormatError, _ bytes: UnsafeRawBufferPointer) {
  guard !error.description.isEmpty else { fatalError("no text: \(error.field)") }
  switch error {
  case .notWritable: fatalError("accepted, but \(error)")
  case .missingKey, .missingFile: return
  default:
    guard let offset = error.offset, (0...bytes.count).contains(offset) else { fatalError("no place: \(error)") }
  }
}

func seeds() -> [[UInt8]] {
  var noise = GGUFNoise(seed: 5)
  var seeds = [MalformedSafetensors.base, MalformedSafetensors.baseIndex]
  var writer = SafetensorsWriter()
  for name in ["BOOL", "I8", "I16", "F16", "BF16", "I32", "F32", "I64", "F64"] {
    guard let dtype = SafetensorsType.dtype(named: name) else { continue }
    try? writer.add(
      tensor: "t.\(name)", dtype: dtype, shape: [1, 3], bytes: ByteView(copying: noise.bytes(3 * dtype.blockBytes)))
  }
  writer.metadata = ["format": "pt", "é\"\\": "\n"]
  seeds.append((try? writer.encoded()) ?? [])
  return seeds + MalformedSafetensors.all.map(\.bytes).filter { $0.count <= 4096 }
}
