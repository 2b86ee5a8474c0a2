// The fuzzer's target: whatever the bytes are, parsing gives a typed error or a file that keeps the laws, can be read
// through every accessor, and comes back the same when written and parsed again.
import Formats
import Glibc
import VenturiTesting

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: data, count: size)
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
    guard let offset = error.offset, (0...size).contains(offset) else { fatalError("no place: \(error)") }
    guard !error.field.isEmpty, !error.description.isEmpty else { fatalError("no field: \(error)") }
  }
  return 0
}

/// Writes the seed corpus into the folder that `VENTURI_FUZZ_SEEDS` names, if it does, and ends.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  guard let folder = getenv("VENTURI_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
  var seeds = [MalformedGGUF.base.encoded()]
  // A file of every value type and every tensor type, then every hostile file that is small.
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
  seeds += MalformedGGUF.all.map(\.bytes).filter { $0.count <= 4096 }
  for (number, seed) in seeds.enumerated() {
    guard let file = fopen("\(folder)/seed-\(number)", "w") else {
      print("cannot write into \(folder)")
      exit(1)
    }
    if fwrite(seed, 1, seed.count, file) != seed.count || fclose(file) != 0 {
      print("cannot write into \(folder)")
      exit(1)
    }
  }
  print("\(seeds.count) seeds in \(folder)")
  exit(0)
}
